"""The goals, as data. A figure of the same name is held to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.figures import Figure, short


@dataclass(frozen=True, slots=True)
class Target:
    """A goal for the figure called `figure`."""

    figure: str
    what: str
    sense: Literal["at least", "at most"]
    bound: float
    unit: str

    def reached_by(self, value: float) -> bool:
        return value >= self.bound if self.sense == "at least" else value <= self.bound

    def shown(self) -> str:
        return f"{self.sense} {short(self.bound)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A goal and what was measured; None where this run did not measure it."""

    target: Target
    value: float | None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "reached" if self.target.reached_by(self.value) else "missed"


STAGES: Final = ("mapping", "linking", "rules", "consolidation", "delivery", "sending")

TARGETS: Final = (
    Target(
        "engine/throughput/of-exactly-once",
        "engine, five stages: throughput, as a multiple of Quix Streams exactly-once",
        "at least", 2, "x",
    ),
    Target(
        "engine/p99/of-exactly-once",
        "engine, five stages: p99 at 500 events/s, as a share of Quix Streams exactly-once",
        "at most", 0.1, "x",
    ),
    Target(
        "engine/throughput/of-at-least-once",
        "engine, five stages: throughput, as a multiple of Quix Streams at-least-once",
        "at least", 1.8, "x",
    ),
    Target(
        "engine/p99/of-at-least-once",
        "engine, five stages: p99 at 500 events/s, as a multiple of Quix Streams at-least-once",
        "at most", 2, "x",
    ),
    Target("line/relevant", "whole line: relevant events", "at least", 2_000, "events/s"),
    Target("line/not-known", "whole line: events not known", "at least", 5_000, "events/s"),
    Target("line/p99/100", "202 to urgent alert, p99 at 100 events/s", "at most", 300, "ms"),
    Target("line/p99/500", "202 to urgent alert, p99 at 500 events/s", "at most", 700, "ms"),
    *(
        Target(f"pure/{name}", f"{name}: its pure part", "at least", 5_000, "events/s")
        for name in STAGES
    ),
    Target("birth/ratio", "NEMS birth to events, beside full parsing", "at least", 30, "x"),
    Target("birth/mapped", "NEMS birth to events", "at most", 0.5, "ms"),
    Target("mapping/mns", "MNS signal to events", "at most", 0.05, "ms"),
    Target("mapping/pds", "PDS patient to events", "at most", 0.05, "ms"),
    Target(
        "linking/postgresql/1000000",
        "linking a record among a million persons, a hundred in a turn",
        "at most", 1, "ms",
    ),
    Target("restart/first-event", "restart to first event", "at most", 5, "s"),
    Target("soak/growth", "memory of all workers over the soak", "at most", 1, "MB/min"),
)  # fmt: skip


def judge(figures: Iterable[Figure]) -> tuple[Judged, ...]:
    """Hold each goal to its figure, the measured and the missing alike."""
    values = {figure.name: figure.value for figure in figures}
    return tuple(Judged(target, values.get(target.figure)) for target in TARGETS)
