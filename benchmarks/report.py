"""Write what was found: one page for people, one file for programs, of the same name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from benchmarks.figures import Part, Table, short
from benchmarks.machine import Machine
from benchmarks.targets import Judged, judge

QUIET: Final = 0.7
CAUTION: Final = """\
Broker, database, workers and load share the cores. Figures differ from machine to machine and \
by up to twice from run to run; the ratios were taken back to back."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the benchmarks. `commit` says what was measured."""

    when: datetime
    commit: str
    quick: bool
    minutes: float
    machine: Machine
    parts: Sequence[Part]

    @property
    def judged(self) -> tuple[Judged, ...]:
        return judge(chain.from_iterable(part.figures for part in self.parts))


def write(run: Run, folder: Path) -> Path:
    """Write both files and give the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = "-quick" if run.quick else ""
    stem = f"{run.when:%Y-%m-%d}-{run.machine.summary}{kind}"
    (folder / f"{stem}.json").write_text(json.dumps(_data(run), indent=1) + "\n")
    page = folder / f"{stem}.md"
    page.write_text(as_page(run))
    return page


def _data(run: Run) -> dict[str, object]:
    return {
        "when": run.when.isoformat(timespec="seconds"),
        "commit": run.commit,
        "quick": run.quick,
        "minutes": round(run.minutes, 1),
        "machine": asdict(run.machine),
        "targets": [
            {**asdict(each.target), "measured": each.value, "verdict": each.verdict}
            for each in run.judged
        ],
        "parts": [asdict(part) for part in run.parts],
    }


def as_page(run: Run) -> str:
    """Give the page: the goals first, then each part with its tables."""
    machine = run.machine
    lines = [
        f"# Measured on {run.when:%d %B %Y}, {machine.cores} cores",
        "",
        _opening(run),
        "",
        CAUTION,
        "",
        *_table(_goals(run.judged)),
    ]
    for part in run.parts:
        lines += [f"## {part.title}", "", part.method, ""]
        for table in part.tables:
            lines += _table(table)
        lines += [f"- Not measured: {what}" for what in part.left_out]
        if part.left_out:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _opening(run: Run) -> str:
    machine = run.machine
    versions = ", ".join(f"{name} {text}" for name, text in machine.versions.items())
    return (
        f"Commit {run.commit}{', the quick run' if run.quick else ''}; {run.minutes:.0f} minutes "
        f"on {machine.processor}, {machine.cores} cores, {machine.memory_gb} GB, "
        f"{machine.system}. {versions}. Load of the machine just before: {machine.load}"
        f"{', which was not quiet' if machine.load > QUIET else ''}; pace: {machine.pace} ms."
    )


def _goals(judged: Sequence[Judged]) -> Table:
    return Table(
        "Goals",
        ("what", "goal", "measured", ""),
        tuple(
            (
                each.target.what,
                each.target.shown(),
                "" if each.value is None else f"{short(each.value)} {each.target.unit}",
                each.verdict,
            )
            for each in judged
        ),
    )


def _table(table: Table) -> list[str]:
    return [
        f"### {table.title}",
        "",
        _row(table.head),
        _row(["---", *("---:" for _ in table.head[1:])]),
        *(_row(row) for row in table.rows),
        "",
    ]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
