"""Carafe beside its peers, on one core of one machine: ``python -m benchmarks --help``.

options.py       what is measured, and for how long
workloads.py     the models that every server serves, trained once
machine.py       which machine this is, and which of its cores the server and the load get
environments.py  an environment of its own for every peer
process.py       a server pinned to its core: started, found answering rightly, measured, stopped
load.py          wrk, which asks as fast as it is answered; record.lua posts the records
peers/           how each server is prepared, started and asked; one folder a peer
parts/           what is measured: one file a part
results.py       the figures as data, kept as JSON
goals.py         each goal beside what was measured
report.py        the figures as tables, printed and in docs/performance.md
"""
