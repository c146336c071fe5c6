"""Carafe beside its peers, on one core of one machine: ``python -m benchmarks --help``.

options.py       what is measured, and for how long
catalogue.py     all peers and all parts
workloads.py     the models that every server serves, trained once
machine.py       which machine this is, and which of its cores the server and the load get
environments.py  an environment of its own for every peer
process.py       a server pinned to its core: started, found answering rightly, measured, stopped
proc.py          what the kernel tells of processes
load.py          wrk, which asks as fast as it is answered; record.lua posts the records
steady.py        a client that asks at a constant rate, whatever the answers do
once.py          a command run to its end, and what it took
floor.py         the bare steps of scoring a file
training_run.py  one training run
observers.py     what each observer costs (a command of its own)
bench.py         what the parts share
peers/           how each server is prepared, started and asked; one folder a peer
parts/           what is measured and which goals it decides; one file a part
results.py       the figures as data, kept as JSON
report.py        the figures as tables and lines
docs.py          the last run in docs/performance.md
"""
