"""What only time shows: how soon a stage is back, and whether memory grows."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic, monotonic_ns
from typing import Final

from benchmarks.children import memory_mb
from benchmarks.figures import Figure, Table, median, short
from benchmarks.line.running import Line
from benchmarks.load import SECOND
from benchmarks.mix import Happening

RESTARTED: Final = "rules"
SAMPLED_EVERY: Final = 2.0
WITHIN: Final = 60.0


def restarts(line: Line, another: Callable[[], list[Happening]]) -> tuple[list[Figure], Table]:
    """End one stage's worker in two ways, and time the next event through the line.

    `another` gives one urgent event.
    """
    rows, figures = [], []
    for how, name, said in (
        (signal.SIGTERM, "first-event", "ended in order (SIGTERM)"),
        (signal.SIGKILL, "after-kill", "killed (SIGKILL)"),
    ):
        event = another()
        began = monotonic_ns()
        os.kill(line.pids[RESTARTED], how)
        passed = line.pass_through(event, within=WITHIN)
        came = max(passed.arrived.at.values(), default=0)
        seconds = (came - began) / SECOND if passed.whole else WITHIN
        figures.append(Figure(f"restart/{name}", seconds, "s"))
        rows.append((said, short(seconds)))
    title = f"From the end of the worker of {RESTARTED} to the next event's alert, s"
    return figures, Table(title, ("worker", "seconds"), tuple(rows))


def soak(line: Line, events: Sequence[Happening], rate: int) -> tuple[list[Figure], Table]:
    """Feed the line steadily and watch each process's memory, after the first third."""
    samples: list[tuple[float, dict[str, float]]] = []
    over = Event()

    def sample() -> None:
        while not over.wait(SAMPLED_EVERY):
            sizes = {name: memory_mb(pid) for name, pid in line.pids.items()}
            samples.append((monotonic(), sizes))

    watching = Thread(target=sample, daemon=True)
    watching.start()
    line.pass_through(events, rate)
    over.set()
    watching.join()
    kept = samples[len(samples) // 3 :]
    names = sorted(kept[0][1])
    slopes = {
        name: _slope([(at, sizes[name]) for at, sizes in kept if name in sizes]) for name in names
    }
    rows = tuple(
        (name, short(kept[0][1][name]), short(kept[-1][1].get(name, 0.0)), f"{slopes[name]:+.2f}")
        for name in names
    )
    minutes = (kept[-1][0] - kept[0][0]) / 60
    title = f"Memory at {rate} events/s, the last {minutes:.1f} minutes, MB"
    table = Table(title, ("process", "at first", "at last", "a minute"), rows)
    return [Figure("soak/growth", sum(slopes.values()), "MB/min")], table


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Give the growth a minute: the middle of all pairs' slopes, which no single step decides."""
    half = len(points) // 2
    pairs = zip(points[:half], points[-half:], strict=True)
    found = [(late[1] - early[1]) / (late[0] - early[0]) * 60 for early, late in pairs]
    return median(found) if found else 0.0
