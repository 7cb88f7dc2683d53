"""The line at work: load goes in, and what came of each record is watched at its ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from typing import Final, cast

from confluent_kafka import Message

from benchmarks.children import Child, cpu_seconds, running
from benchmarks.figures import Latencies, latencies
from benchmarks.ground import Ground
from benchmarks.line.door import Answers, knock, ready
from benchmarks.line.programs import ENDS, TEAM_TOPICS, Programs, pids, programs
from benchmarks.load import SECOND, Schedule, Sender, now_and
from benchmarks.mix import Happening
from benchmarks.watch import Arrived, Watcher
from kinbridge_schemas.envelope import CLOCK_TYPE

START_WITHIN: Final = 90.0
DONE_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of a load: of every record its end at linking, of an urgent one its alert."""

    events: Sequence[Happening]
    schedule: Schedule
    arrived: Arrived
    elapsed: float

    @property
    def ended(self) -> int:
        return sum(_end(each.id) in self.arrived.at for each in self.events)

    @property
    def alerted(self) -> int:
        return sum(_alert(each.id) in self.arrived.at for each in self.events)

    @property
    def urgent(self) -> int:
        return sum(each.urgent for each in self.events)

    @property
    def whole(self) -> bool:
        return self.ended == len(self.events) and self.alerted >= self.urgent

    @property
    def rate(self) -> float:
        """Events a second, to the last of all that was awaited."""
        found = [self.arrived.at.get(_end(each.id)) for each in self.events]
        found += [self.arrived.at.get(_alert(each.id)) for each in self.events if each.urgent]
        last = max(when for when in found if when is not None)
        return self.ended / ((last - self.schedule.start) / SECOND)

    def latencies(self, skip: int) -> Latencies:
        """From when a record was due to its alert, of urgent ones; the first are left out.

        One that had not come counts with what it had waited by then.
        """
        end = self.schedule.start + int(self.elapsed * SECOND)
        return latencies(
            self.arrived.at.get(_alert(each.id), end) - self.schedule.due(number)
            for number, each in enumerate(self.events)
            if number >= skip and each.urgent
        )


class Line:
    """Every process of the line, and the two ends where it is measured."""

    def __init__(
        self, ground: Ground, made: Programs, children: Sequence[Child], folder: Path
    ) -> None:
        self.made = made
        self.ground = ground
        self.folder = folder
        self._children = children
        self._up = children[0]
        self._sender = Sender(ground.kafka.bootstrap)
        self.watcher = Watcher(ground.kafka.bootstrap, [*TEAM_TOPICS, ENDS], _which)

    def pass_through(
        self, events: Sequence[Happening], rate: float = 0, within: float = DONE_WITHIN
    ) -> Passed:
        """Send events into the topics where the line begins, and wait for what comes of them."""
        awaited = {_end(e.id) for e in events} | {_alert(e.id) for e in events if e.urgent}
        schedule = now_and(rate)
        sending = self._sender.in_the_background([e.record for e in events], schedule)
        arrived = self.watcher.watch(
            lambda found: len(found.at) >= len(awaited) and awaited <= found.at.keys(),
            within + (len(events) / rate if rate else 0),
            self.check,
        )
        sending.join()
        elapsed = (monotonic_ns() - schedule.start) / SECOND
        return Passed(events, schedule, arrived, elapsed)

    def knock(self, events: Sequence[Happening], rate: float) -> tuple[Answers, Arrived, Schedule]:
        """Send events to the door, and wait for the alerts of the urgent ones."""
        answers, schedule = Answers(), now_and(rate)
        sending = knock(self.made.door, [e.record for e in events], schedule, answers)

        def done(found: Arrived) -> bool:
            accepted = dict(answers.accepted)
            return answers.ended and all(
                _alert(own) in found.at
                for number, (own, _) in accepted.items()
                if events[number].urgent
            )

        arrived = self.watcher.watch(done, DONE_WITHIN + len(events) / rate, self.check)
        sending.join()
        return answers, arrived, schedule

    def check(self) -> None:
        for child in self._children:
            child.check()

    @property
    def restarts(self) -> int:
        """How many of its processes `up` has had to start again."""
        return self._up.log.read_text(errors="replace").count("starts again")

    @property
    def pids(self) -> dict[str, int]:
        return pids(self._up.pid)

    def cpu(self) -> dict[str, float]:
        """Give the processor time each process has had, the broker's and database's too."""
        spent = {name: sum(cpu_seconds(pid).values()) for name, pid in self.pids.items()}
        spent["broker"] = sum(cpu_seconds(self.ground.kafka.pid).values())
        spent["database"] = sum(
            sum(cpu_seconds(pid).values()) for pid in self.ground.database_pids()
        )
        return spent


def answered(
    events: Sequence[Happening], answers: Answers, arrived: Arrived, skip: int
) -> Latencies:
    """From the 202 to the alert, of urgent events; the first are left out.

    One that had not come counts with what it had waited by then.
    """
    end = monotonic_ns()
    return latencies(
        arrived.at.get(_alert(own), end) - at
        for number, (own, at) in answers.accepted.items()
        if number >= skip and events[number].urgent
    )


@contextmanager
def the_line(ground: Ground) -> Iterator[Line]:
    """Start the whole line, give it once it takes requests, and end it."""
    folder = ground.new_folder("line")
    made = programs(ground, folder)
    with running([made.up, made.receiver], folder) as children:
        line = Line(ground, made, children, folder)
        with line.watcher:
            asyncio.run(asyncio.wait_for(ready(made.door), START_WITHIN))
            yield line


def _which(message: Message) -> str | None:
    headers = dict(cast("list[tuple[str, bytes]]", message.headers() or []))
    if headers.get("ce_type") == CLOCK_TYPE.encode():
        return None
    own = headers.get("ce_correlationid", b"").decode()
    return _end(own) if message.topic() == ENDS else _alert(own)


def _end(own: str) -> str:
    return f"end {own}"


def _alert(own: str) -> str:
    return f"alert {own}"
