"""Measure what the options ask for, print it, and keep it."""

from __future__ import annotations

import signal
import subprocess
import sys
import traceback
from datetime import UTC, datetime

import msgspec

import carafe
from benchmarks.bench import Bench
from benchmarks.catalogue import PARTS, PEERS
from benchmarks.docs import told, write_page
from benchmarks.load import LoadFailed, check_wrk
from benchmarks.machine import load_average, this_machine
from benchmarks.options import HERE, Options, parse
from benchmarks.parts.part import AnyPart
from benchmarks.results import Section, Taken, read, write
from benchmarks.workloads import WORKLOADS


def main() -> None:
    """Run the suite."""
    options = parse(
        sys.argv[1:],
        parts=[part.name for part in PARTS],
        servers=[peer.name for peer in PEERS],
        models=[workload.name for workload in WORKLOADS],
    )
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it runs in the background deaf to Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    try:
        check_wrk()
        sys.exit(1 if run(options) else 0)
    except LoadFailed as error:
        sys.exit(f"benchmarks: {error}")
    except KeyboardInterrupt:
        sys.exit("benchmarks: stopped; what was measured of whole parts is kept")


def run(options: Options) -> list[str]:
    """Measure each part in turn, and return which failed; after each one all figures so far are in the results."""
    peers = tuple(
        peer for peer in PEERS if (not options.only or peer.name in options.only) and (peer.here or not options.here)
    )
    bench = Bench(options=options, machine=this_machine(), peers=peers)
    print(bench.machine)
    results, failed = read(options.results), list[str]()
    for part in PARTS:
        if part.name not in options.parts:
            continue
        try:
            section = _measure(part, bench)
        except Exception:  # noqa: BLE001 - it is told, and the other parts go on
            traceback.print_exc()
            failed.append(part.name)
            continue
        results = msgspec.structs.replace(results, sections=results.sections | {part.name: section})
        write(results, options.results)
    print(
        "", told(results, [part for part in PARTS if part.name in options.parts and part.name not in failed]), sep="\n"
    )
    if options.docs:
        write_page(told(results, PARTS))
    print("".join(f"FAILED: {name}, as told above\n" for name in failed), end="")
    return failed


def _measure(part: AnyPart, bench: Bench) -> Section:
    taken = Taken(
        at=datetime.now(UTC).replace(microsecond=0),
        machine=bench.machine,
        load_average=load_average(),
        carafe=f"{carafe.__version__} {_commit()}".strip(),
        rounds=bench.options.rounds,
        seconds=bench.options.seconds,
    )
    return Section(taken=taken, figures=msgspec.Raw(msgspec.json.encode(part.measure(bench))))


def _commit() -> str:
    """Return the commit of this checkout; nothing where it is none."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    main()
