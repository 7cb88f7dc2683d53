"""The whole line under load: what it sustains, and how long an urgent alert takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from benchmarks.figures import Figure, Latencies, NothingMeasuredError, Part, Table, short
from benchmarks.ground import Ground
from benchmarks.line.running import Line, Passed, answered, the_line
from benchmarks.line.steady import restarts, soak
from benchmarks.mix import MIX, URGENT, Families, Happening
from benchmarks.profiles import Profile, finish_profile, profile_table, start_profile
from kinbridge.pipeline import STAGES

RATES: Final = (100, 500)
SOAK_RATE: Final = 20
LONG: Final = 15
OPENED_WITHIN: Final = 120.0
WARMING: Final = 500_000
SHORT: Final = 3

METHOD: Final = f"""\
`kinbridge up` as it ships: six stages, intake and ticker, a process each, on Kafka and \
PostgreSQL, with a case system that takes every webhook. Of ten relevant events \
{sum(kind in URGENT for kind in MIX)} are urgent, each of which is an alert on a team topic at \
once: a missed antenatal appointment or a baby's attendance for an injury. Sustained is what went \
through when all came at once, from the first record sent until each had its end at linking and \
each urgent one its alert. Latency is of urgent events by a fixed schedule: from when a record \
was due at the topic `received`, and over HTTP from the 202. A latency at a rate that the line \
does not sustain says how long the queue was, and grows with the length of the run."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each load."""

    families: int
    relevant: int
    not_known: int
    seconds: int
    soak: int


FULL: Final = Sizes(families=1_000, relevant=3_000, not_known=4_000, seconds=10, soak=150)
QUICK: Final = Sizes(families=100, relevant=400, not_known=400, seconds=4, soak=0)


def bench(ground: Ground, when: datetime, *, quick: bool) -> Part:
    """Start the line, load it in every way, and end it."""
    sizes = QUICK if quick else FULL
    families = Families(sizes.families, when)
    with the_line(ground) as line:
        measured = _Measuring(line, families, sizes)
        measured.all()
    return Part(
        "The whole line",
        METHOD,
        tuple(measured.figures),
        tuple(measured.tables),
        tuple(measured.left_out),
    )


class _Measuring:
    """One line being measured: each step adds what it found."""

    def __init__(self, line: Line, families: Families, sizes: Sizes) -> None:
        self._line = line
        self._families = families
        self._sizes = sizes
        self._next = count()
        self._capacity = 1.0
        self.figures: list[Figure] = []
        self.tables: list[Table] = []
        self.left_out: list[str] = []
        self._throughputs: list[tuple[str, ...]] = []
        self._latencies: list[tuple[str, ...]] = []

    def all(self) -> None:
        # Until every worker has its partitions and has met its first record.
        self._line.pass_through(self._families.not_known(WARMING, 60), within=OPENED_WITHIN)
        self._sustained("opening", "opening the families' cases", self._families.opened())
        before = self._line.cpu()
        passed = self._sustained("relevant", "relevant events", self._relevant(self._burst))
        processors = _processors(before, self._line.cpu(), passed.elapsed)
        not_known = self._families.not_known(0, self._sizes.not_known)
        self._sustained("not-known", "events not known", not_known)
        for rate in RATES:
            self._from_received(rate)
        for rate in RATES:
            self._from_the_door(rate)
        self._show()
        self.tables.append(processors)
        self.tables += [profile_table(each) for each in self._profiles()]
        self._restarts()
        self._soak()

    def _show(self) -> None:
        through = ("load", "events", "events/s", "ended", "alerts")
        late = ("from, to the alert", "events/s", "alerts", "p50", "p95", "p99", "most")
        self.tables += (
            Table("Sustained", through, tuple(self._throughputs)),
            Table("Latency of urgent events, ms", late, tuple(self._latencies)),
        )

    @property
    def _burst(self) -> int:
        """So many that they take about a quarter of a minute, or what the sizes say."""
        return min(self._sizes.relevant, max(100, int(self._capacity * LONG)))

    def _seconds(self, rate: int) -> int:
        # Beyond what the line sustains, a queue only grows: a short run says as much.
        return self._sizes.seconds if rate <= self._capacity else SHORT

    def _relevant(self, how_many: int) -> list[Happening]:
        first = next(self._next) * 100_000
        return self._families.relevant(first, how_many)

    def _sustained(self, name: str, what: str, events: Sequence[Happening]) -> Passed:
        passed = self._line.pass_through(events)
        if not passed.ended:
            raise NothingMeasuredError(f"Nothing came out of {what}.")
        if name != "not-known":
            self._capacity = passed.rate
        self.figures.append(Figure(f"line/{name}", passed.rate, "events/s"))
        self._throughputs.append(
            (
                what,
                f"{len(events):,}",
                short(passed.rate),
                f"{passed.ended:,}",
                f"{passed.alerted:,} of {passed.urgent:,}",
            )
        )
        return passed

    def _from_received(self, rate: int) -> None:
        passed = self._line.pass_through(self._relevant(rate * self._seconds(rate)), rate)
        found = passed.latencies(rate)
        self.figures.append(Figure(f"line/received/p99/{rate}", found.p99, "ms"))
        self._latency("due at `received`", rate, found)

    def _from_the_door(self, rate: int) -> None:
        sent = self._relevant(rate * self._seconds(rate))
        # One door serves all: what an authority says goes through another with the same code.
        events = [each for each in sent if each.record.topic == "received.nhs"]
        answers, arrived, schedule = self._line.knock(events, rate)
        found = answered(events, answers, arrived, skip=rate)
        self.figures.append(Figure(f"line/p99/{rate}", found.p99, "ms"))
        self._latency("202", rate, found)
        for number, (_, at) in answers.accepted.items():
            if at < schedule.due(number):
                raise NothingMeasuredError("An answer came before its request.")
        if answers.refused:
            said = ", ".join(f"{n} of {what}" for what, n in answers.refused.items())
            self.left_out.append(f"at {rate} requests/s, requests that were refused: {said}")

    def _latency(self, start: str, rate: int, found: Latencies) -> None:
        self._latencies.append((start, str(rate), str(found.count), *found.shown()))

    def _profiles(self) -> list[Profile]:
        running = self._line.pids
        folder = self._line.folder
        sampling = {
            name: start_profile(self._line.ground.spy, running[name], 6, folder / f"{name}.stacks")
            for name in STAGES
            if name in running
        }
        self._line.pass_through(self._relevant(self._burst // 2))
        return [
            finish_profile(f"{name}, under load", spying, folder / f"{name}.stacks")
            for name, spying in sampling.items()
        ]

    def _restarts(self) -> None:
        figures, table = restarts(self._line, lambda: self._relevant(1))
        self.figures += figures
        self.tables.append(table)

    def _soak(self) -> None:
        if not self._sizes.soak:
            self.left_out.append("memory over a soak: the quick run leaves it out")
            return
        rate = max(1, min(SOAK_RATE, int(self._capacity / 3)))
        figures, table = soak(self._line, self._relevant(self._sizes.soak * rate), rate)
        self.figures += figures
        self.tables.append(table)


def _processors(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> Table:
    shares = {name: (spent - before.get(name, 0.0)) / seconds for name, spent in after.items()}
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])
    rows = tuple((name, f"{share:.0%}") for name, share in ordered)
    return Table(
        "Share of one core while relevant events went through", ("process", "share"), rows
    )
