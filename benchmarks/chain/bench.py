"""The engine alone, beside others that do the same job in the same minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from benchmarks.chain.engines import (
    ENGINES,
    OURS,
    PLAIN,
    QUIX_LEAST,
    QUIX_ONCE,
    Engine,
)
from benchmarks.chain.run import Outcome, Wanted, run
from benchmarks.figures import Figure, Part, Table, median, short
from benchmarks.ground import Ground
from benchmarks.profiles import profile_table

RATES: Final = (100, 500, 2_000)
HELD: Final = 500
"""The rate whose p99 is held to the goals."""

METHOD: Final = """\
Five chained stages, a process each, six partitions. Each counts and hashes by key, and says one \
record for each it reads, under another key, so that records change partition at every hop. Same \
records, same topics, same broker, the engines in turn in each round; a throughput is the middle \
one of the rounds, a ratio the middle one of the rounds' ratios, both from the first record sent \
to the last one out. Latencies count from when a record was due by a fixed schedule, so that a \
slow moment is not left out. Quix Streams commits once a second (its default of five would give \
exactly-once five times the latency); the bare loop keeps its counts in a dict and loses them \
with the process."""


def bench(ground: Ground, when: datetime, *, quick: bool) -> Part:
    """Run every engine, in rounds, and compare."""
    rounds = [_round(ground, number, when, quick=quick) for number in range(1 if quick else 3)]
    first = rounds[0]
    return Part(
        "The engine alone",
        METHOD,
        tuple(_figures(rounds)),
        (
            _throughputs(rounds),
            _latencies(first),
            _processors(first),
            *(profile_table(o.profile) for o in first.values() if o.profile),
        ),
    )


def _round(ground: Ground, number: int, when: datetime, *, quick: bool) -> dict[Engine, Outcome]:
    # Latencies and profiles are taken in the first round, throughput in each.
    wanted = Wanted(
        burst=10_000 if quick else 40_000,
        rates=() if number else RATES,
        seconds=7 if quick else 14,
        profile=number == 0,
    )
    return {engine: run(engine, ground, number, wanted, when) for engine in ENGINES}


def _figures(rounds: Sequence[dict[Engine, Outcome]]) -> list[Figure]:
    pairs = (
        (QUIX_ONCE, "of-exactly-once"),
        (QUIX_LEAST, "of-at-least-once"),
        (PLAIN, "of-plain-loop"),
    )
    found = [
        Figure(f"engine/throughput/{engine.label}", _throughput(rounds, engine), "events/s")
        for engine in ENGINES
    ]
    for engine, name in pairs:
        ratios = [each[OURS].throughput / each[engine].throughput for each in rounds]
        found.append(Figure(f"engine/throughput/{name}", median(ratios), "x"))
        p99 = rounds[0][OURS].latency[HELD].p99 / rounds[0][engine].latency[HELD].p99
        found.append(Figure(f"engine/p99/{name}", p99, "x"))
    return found


def _throughput(rounds: Sequence[dict[Engine, Outcome]], engine: Engine) -> float:
    return median([each[engine].throughput for each in rounds])


def _throughputs(rounds: Sequence[dict[Engine, Outcome]]) -> Table:
    ours = _throughput(rounds, OURS)
    return Table(
        "Throughput through five stages",
        ("engine", "events/s", "each round", "ours is", "came twice"),
        tuple(
            (
                engine.shown,
                short(_throughput(rounds, engine)),
                ", ".join(short(each[engine].throughput) for each in rounds),
                f"{ours / _throughput(rounds, engine):.2f} x",
                str(sum(each[engine].repeated for each in rounds)),
            )
            for engine in ENGINES
        ),
    )


def _latencies(outcomes: dict[Engine, Outcome]) -> Table:
    return Table(
        "Latency through five stages, ms",
        ("engine", "events/s", "p50", "p95", "p99", "most"),
        tuple(
            (engine.shown, str(rate), *found.shown())
            for engine, outcome in outcomes.items()
            for rate, found in outcome.latency.items()
        ),
    )


def _processors(outcomes: dict[Engine, Outcome]) -> Table:
    """Show how much of a core each process had while the engine was drowned."""
    workers = [name for name in outcomes[OURS].cpu if name != "broker"]
    return Table(
        "Share of one core at full load",
        ("engine", *workers, "broker", "threads of one worker"),
        tuple(
            (
                engine.shown,
                *(f"{outcome.cpu[name]:.0%}" for name in (*workers, "broker")),
                _threads(outcome),
            )
            for engine, outcome in outcomes.items()
        ),
    )


def _threads(outcome: Outcome) -> str:
    ordered = sorted(outcome.threads.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {share:.0%}" for name, share in ordered[:4] if share > 0.005)
