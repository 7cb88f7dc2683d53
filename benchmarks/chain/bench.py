"""The engine alone, beside others that do the same job in the same minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from benchmarks.chain.engines import (
    ENGINES,
    OURS,
    OURS_POSTGRESQL,
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

BURST: Final = 40_000
WARMING: Final = 99
PROFILED: Final = frozenset({OURS, OURS_POSTGRESQL, QUIX_LEAST})

Round = Mapping[Engine, Outcome]

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
    # A broker that has just started is slow: nobody's first round shall pay for that.
    run(PLAIN, ground, WARMING, Wanted(burst=5_000 if quick else 20_000), when)
    engines = (OURS, QUIX_ONCE, QUIX_LEAST) if quick else ENGINES
    rounds = [_first_round(ground, engines, when, quick=quick)]
    if not quick:
        again = tuple(engine for engine in engines if engine is not OURS_POSTGRESQL)
        rounds += [_round(ground, number, again, when) for number in (1, 2)]
    first = rounds[0]
    left_out = ("the bare loop and PostgreSQL, and 2,000 events/s: the quick run leaves them out",)
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
        left_out if quick else (),
    )


def _first_round(
    ground: Ground, engines: Sequence[Engine], when: datetime, *, quick: bool
) -> Round:
    """Measure latencies too, and look into the processes."""
    found = {}
    for engine in engines:
        wanted = Wanted(
            burst=8_000 if quick else BURST,
            rates=RATES[:2] if quick else RATES,
            seconds=6 if quick else 10,
            profile=engine in PROFILED,
        )
        found[engine] = run(engine, ground, 0, wanted, when)
    return found


def _round(ground: Ground, number: int, engines: Sequence[Engine], when: datetime) -> Round:
    return {engine: run(engine, ground, number, Wanted(BURST), when) for engine in engines}


def _figures(rounds: Sequence[Round]) -> list[Figure]:
    pairs = (
        (QUIX_ONCE, "of-exactly-once"),
        (QUIX_LEAST, "of-at-least-once"),
        (PLAIN, "of-plain-loop"),
    )
    found = [
        Figure(f"engine/throughput/{engine.label}", _throughput(rounds, engine), "events/s")
        for engine in rounds[0]
    ]
    for engine, name in pairs:
        if engine not in rounds[0]:
            continue
        ratios = [each[OURS].throughput / each[engine].throughput for each in rounds]
        found.append(Figure(f"engine/throughput/{name}", median(ratios), "x"))
        p99 = rounds[0][OURS].latency[HELD].p99 / rounds[0][engine].latency[HELD].p99
        found.append(Figure(f"engine/p99/{name}", p99, "x"))
    return found


def _throughput(rounds: Sequence[Round], engine: Engine) -> float:
    return median([each[engine].throughput for each in rounds if engine in each])


def _throughputs(rounds: Sequence[Round]) -> Table:
    ours = _throughput(rounds, OURS)
    return Table(
        "Throughput through five stages",
        ("engine", "events/s", "each round", "ours is", "came twice"),
        tuple(
            (
                engine.shown,
                short(_throughput(rounds, engine)),
                ", ".join(short(each[engine].throughput) for each in rounds if engine in each),
                f"{ours / _throughput(rounds, engine):.2f} x",
                str(sum(each[engine].repeated for each in rounds if engine in each)),
            )
            for engine in rounds[0]
        ),
    )


def _latencies(outcomes: Round) -> Table:
    return Table(
        "Latency through five stages, ms",
        ("engine", "events/s", "p50", "p95", "p99", "most"),
        tuple(
            (engine.shown, str(rate), *found.shown())
            for engine, outcome in outcomes.items()
            for rate, found in outcome.latency.items()
        ),
    )


def _processors(outcomes: Round) -> Table:
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
