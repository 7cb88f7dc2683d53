"""`python -m benchmarks`: measure, and write a page of results. `make bench` runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

import click

from benchmarks import births, mappings, pure, registry, snapshots
from benchmarks.chain import bench as chain
from benchmarks.figures import BenchmarkError, Part
from benchmarks.ground import ROOT, Ground, standing
from benchmarks.line import bench as line
from benchmarks.machine import this_machine
from benchmarks.others import Used
from benchmarks.report import Run, write

RESULTS: Final = Path(__file__).with_name("results")
LIBRARIES: Final = ROOT / ".kafka" / "libs"

Bench = Callable[[Ground, datetime, bool], Part]

PARTS: Final[Mapping[str, Bench]] = {
    "birth": lambda _ground, _when, quick: births.bench(quick=quick),
    "mappings": lambda _ground, _when, quick: mappings.bench(quick=quick),
    "snapshots": lambda _ground, _when, quick: snapshots.bench(quick=quick),
    "pure": lambda _ground, when, quick: pure.bench(when, quick=quick),
    "linking": lambda ground, when, quick: registry.bench(ground, when, quick=quick),
    "engine": lambda ground, when, quick: chain.bench(ground, when, quick=quick),
    "line": lambda ground, when, quick: line.bench(ground, when, quick=quick),
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="These parts alone.")
@click.option("--quick", is_flag=True, help="Shorter, and less exact: at most four minutes.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=False)
def main(only: tuple[str, ...], results: Path, *, quick: bool) -> None:
    """Measure the line on a real Kafka and a real PostgreSQL, and write a page of results."""
    # Told to end, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    when = datetime.now(UTC)  # noqa: TID251 - the edge: results are dated
    began = monotonic()
    machine = this_machine(LIBRARIES)
    parts = []
    with standing() as ground:
        for name in only or PARTS:
            print(f"{name} ...", flush=True)
            parts.append(_measured(name, ground, when, quick=quick))
    minutes = (monotonic() - began) / 60
    run = Run(when, commit(), quick, minutes, machine, parts)
    for each in run.judged:
        if each.value is not None:
            print(f"{each.verdict:8} {each.target.what}: {each.value:.2f} {each.target.unit}")
    print(f"{minutes:.1f} minutes; see {write(run, results)}")


def _measured(name: str, ground: Ground, when: datetime, *, quick: bool) -> Part:
    before = Used.now(ground.pids)
    try:
        part = PARTS[name](ground, when, quick)
    except BenchmarkError as why:
        print(why)
        part = Part(name, "It could not be measured.", left_out=(str(why).splitlines()[0],))
    cores = Used.now(ground.pids).others_since(before)
    note = f"Meanwhile others kept {cores:.2f} cores busy."
    return replace(part, method=f"{part.method}\n\n{note}")


def commit() -> str:
    """Say which commit is measured, and whether files differ from it."""
    described = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
