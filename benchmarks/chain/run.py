"""One run of one engine: warm it, drown it, then feed it at a few rates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic_ns
from typing import Final

from confluent_kafka import Message

from benchmarks.chain.engines import Engine
from benchmarks.chain.job import next_key, topics
from benchmarks.children import Child, cpu_seconds, running
from benchmarks.figures import Latencies, latencies
from benchmarks.ground import Ground
from benchmarks.load import SECOND, Schedule, Sendable, Sender, now_and
from benchmarks.profiles import Profile, finish_profile, start_profile
from benchmarks.watch import Arrived, Watcher
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.envelope import DataClassification, Envelope, to_headers

WARM: Final = 2_000
WARM_WITHIN: Final = 120.0
DONE_WITHIN: Final = 180.0
PROFILED: Final = 2
"""The stage in the middle is looked into."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run measures. `skip` seconds of each rate are not counted."""

    burst: int
    rates: Sequence[int] = ()
    seconds: int = 0
    skip: int = 2
    profile: bool = False


@dataclass(slots=True)
class Outcome:
    """What a run measured. `cpu` is each process's share of one core during the burst."""

    throughput: float = 0.0
    repeated: int = 0
    latency: dict[int, Latencies] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    threads: dict[str, float] = field(default_factory=dict)
    profile: Profile | None = None


class Run:
    """The processes of an engine at work, and the load upon them."""

    def __init__(self, ground: Ground, prefix: str, children: Sequence[Child]) -> None:
        self._ground = ground
        self._prefix = prefix
        self._children = children
        self._sender = Sender(ground.kafka.bootstrap)
        self._watcher = Watcher(ground.kafka.bootstrap, topics(prefix)[-1:], _origin)
        self._sent = 0

    def measure(self, wanted: Wanted, when: datetime) -> Outcome:
        """Do all that is wanted. Raises EndedShortError and ChildEndedError."""
        outcome = Outcome()
        with self._watcher:
            self._go(WARM, 0, when, WARM_WITHIN)
            self._drown(wanted.burst, when, outcome)
            for rate in wanted.rates:
                self._feed(rate, wanted, when, outcome)
            if wanted.profile:
                outcome.profile = self._look_into(wanted.burst, when)
        return outcome

    def _drown(self, count: int, when: datetime, outcome: Outcome) -> None:
        before = self._cpu()
        schedule, arrived, _ = self._go(count, 0, when, DONE_WITHIN)
        after = self._cpu()
        seconds = (max(arrived.at.values()) - schedule.start) / SECOND
        outcome.throughput = count / seconds
        outcome.repeated += arrived.repeated
        for name, threads in after.items():
            spent = {t: s - before[name].get(t, 0.0) for t, s in threads.items()}
            outcome.cpu[name] = sum(spent.values()) / seconds
            if name == self._children[PROFILED].name:
                outcome.threads = {t: s / seconds for t, s in spent.items()}

    def _feed(self, rate: int, wanted: Wanted, when: datetime, outcome: Outcome) -> None:
        count = rate * wanted.seconds
        schedule, arrived, first = self._go(count, rate, when, DONE_WITHIN)
        outcome.latency[rate] = latencies(
            arrived.at[f"n{first + number}"] - schedule.due(number)
            for number in range(rate * wanted.skip, count)
        )
        outcome.repeated += arrived.repeated

    def _look_into(self, count: int, when: datetime) -> Profile:
        child = self._children[PROFILED]
        stacks = child.log.with_suffix(".stacks")
        sampling = start_profile(self._ground.spy, child.pid, 5, stacks)
        self._go(count, 0, when, DONE_WITHIN)
        return finish_profile(f"{self._prefix}, {child.name}, drowned", sampling, stacks)

    def _go(
        self, count: int, rate: float, when: datetime, within: float
    ) -> tuple[Schedule, Arrived, int]:
        first, self._sent = self._sent, self._sent + count
        load = [_record(self._prefix, number, when) for number in range(first, first + count)]
        schedule = now_and(rate)
        sending = self._sender.in_the_background(load, schedule)
        arrived = self._watcher.wait_for(count, within, while_waiting=self._check)
        sending.join()
        return schedule, arrived, first

    def _check(self) -> None:
        for child in self._children:
            child.check()

    def _cpu(self) -> Mapping[str, dict[str, float]]:
        pids = {child.name: child.pid for child in self._children}
        return {name: cpu_seconds(pid) for name, pid in _with_broker(self._ground, pids).items()}


def _with_broker(ground: Ground, pids: dict[str, int]) -> dict[str, int]:
    return {**pids, "broker": ground.kafka.pid}


def run(engine: Engine, ground: Ground, number: int, wanted: Wanted, when: datetime) -> Outcome:
    """Start an engine on fresh topics, measure, and end it."""
    prefix = f"{engine.label}-{number}"
    names = [*topics(prefix), f"{prefix}.dead-letters"]
    ground.make_topics(names)
    folder: Path = ground.new_folder(prefix)
    with running(engine.commands(prefix, ground, folder), folder) as children:
        began = monotonic_ns()
        outcome = Run(ground, prefix, children).measure(wanted, when)
    took = (monotonic_ns() - began) / SECOND
    print(f"  {prefix}: {outcome.throughput:,.0f} events/s ({took:.0f} s)", flush=True)
    ground.drop_topics(names)
    return outcome


def _record(prefix: str, number: int, when: datetime) -> Sendable:
    origin = f"n{number}"
    key, own = next_key(number, "head"), derive_id("tally", origin)
    body = {
        "id": own,
        "key": key,
        "origin": origin,
        "number": number,
        "before": 0,
        "fingerprint": 0,
    }
    envelope = Envelope(
        id=own,
        type="Tally/v1",
        source="bench:load",
        recorded=when,
        correlation=own,
        classification=DataClassification.OPERATIONAL,
    )
    value = json.dumps(body).encode()
    return Sendable(f"{prefix}.heads", key.encode(), value, to_headers(envelope))


def _origin(message: Message) -> str | None:
    origin = json.loads(message.value() or b"{}").get("origin")
    return origin if isinstance(origin, str) else None
