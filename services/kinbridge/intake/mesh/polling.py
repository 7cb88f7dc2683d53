"""One mailbox, round after round: list, fetch, decide, write, and only then acknowledge.

What the mailbox holds is the only memory there is. Whatever ends a round, the next one lists what
is still there, and what comes twice has the same id; so nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from kinbridge.intake.agent import Clock, Durable, NotWritten, write
from kinbridge.intake.entries import Arrival
from kinbridge.intake.mesh.box import MOST_LISTED, Box, TryLater
from kinbridge.intake.mesh.decide import Decision, Desk, Parcel, Unfetched
from kinbridge.intake.mesh.hearing import Hearing
from kinbridge.intake.mesh.meters import Meters
from kinbridge.intake.mesh.pace import OLD, REFUSED, oldest, pause
from kinbridge_schemas.identifiers import Pseudonymiser

T = TypeVar("T")

_log = structlog.get_logger("kinbridge.intake.mesh")

_GREET_EVERY: Final = timedelta(hours=23)
_MOST_IN_A_ROW: Final = 3
"""Messages that fail one after the other before the round is given up: then it is not they."""
_TOO_LARGE_FOR_KAFKA: Final = frozenset(
    {"msg-size-too-large", "invalid-msg-size", "record-list-too-large"}
)
_ADVICE: Final = {
    REFUSED: "MESH does not accept the mailbox id, its password, the shared key or the client "
    "certificate. Nothing is fetched until they are right.",
    "tls-refused": "One side does not accept the other's certificate: look at the files that "
    "the settings name.",
    "unreachable": "Nobody answers at the address of MESH.",
    "closed-unanswered": "MESH closes the connection without an answer, as it does with a client "
    "that has no certificate, or one that it does not know.",
}


@dataclass(slots=True)
class Poller:
    """Polls one mailbox. `stopping` ends it after the message in hand."""

    box: Box
    desk: Desk
    durable: Durable
    pseudonymiser: Pseudonymiser
    clock: Clock
    meters: Meters
    stopping: asyncio.Event
    failures: int = 0
    failing: str = ""
    _hearing: Hearing = field(init=False)
    _greeted: datetime | None = None
    _more: bool = False
    _fetched: int = 0
    _left: set[str] = field(default_factory=set)
    _late: set[str] = field(default_factory=set)
    _thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        mailbox = self.desk.mailbox
        self._hearing = Hearing(mailbox, self.meters, self.clock())
        # mesh-client waits where it stands: it does so in a thread that is this mailbox's own.
        self._thread = ThreadPoolExecutor(1, f"mesh-{mailbox.source}")
        self.meters.failing.labels(self.source).set(0)

    @property
    def source(self) -> str:
        return self.desk.mailbox.source

    async def run(self) -> None:
        """Poll until told to stop, or until Kafka's client needs a new start."""
        try:
            while not self.stopping.is_set() and self.durable.ready:
                await self._wait(await self.turn())
        finally:
            # The end of one mailbox is the end of the process: Kafka's client is shared.
            self.stopping.set()
            await self._off(self.box.close)
            self._thread.shutdown()

    async def turn(self) -> timedelta:
        """Do one round and tell of it. Gives how long to wait before the next."""
        ended = await self.round()
        if self.stopping.is_set():
            return timedelta(0)
        now = self.clock()
        self._tell(ended, now)
        self._hearing.listen(now)
        every = self.desk.mailbox.poll_every
        if ended is None and self._more:
            return timedelta(0)
        reason, wish = (ended.reason, ended.wish) if ended else ("", None)
        return pause(self.failures, every, reason=reason, wish=wish)

    async def round(self) -> TryLater | None:
        """Take every message that waits. Gives what did not work last, if anything."""
        self._fetched, self._more = 0, False
        if (later := await self._greet()) is not None:
            return later
        listed = await self._off(self.box.listed)
        if isinstance(listed, TryLater):
            return listed
        self._look_at(listed)
        last, in_a_row = None, 0
        # What failed by itself before is tried last, so that it never stands before the others.
        for number, message in enumerate(sorted(listed, key=self._late.__contains__)):
            if self.stopping.is_set():
                break
            if message in self._left:
                continue
            later = await self._take(message)
            if later and later.alone:
                self._late.add(message)
            self.meters.waiting.labels(self.source).set(len(listed) - number - 1)
            last, in_a_row = later or last, in_a_row + 1 if later else 0
            if later and (not later.alone or in_a_row >= _MOST_IN_A_ROW):
                break
        return last

    async def _greet(self) -> TryLater | None:
        now = self.clock()
        if self._greeted is not None and now - self._greeted < _GREET_EVERY:
            return None
        if (later := await self._off(self.box.greet)) is None:
            self._greeted = now
        return later

    async def _take(self, message: str) -> TryLater | None:
        came = await self._off(lambda: self.box.fetch(message))
        if isinstance(came, TryLater):
            return came
        arrival = Arrival(self.pseudonymiser, self.clock())
        decision = self.desk.decide(came, arrival)
        written = await write(self.durable, [decision.entry])
        if isinstance(written, NotWritten) and written.reason in _TOO_LARGE_FOR_KAFKA:
            decision = self.desk.refused_by_kafka(came.head, arrival)
            written = await write(self.durable, [decision.entry])
        if isinstance(written, NotWritten):
            return TryLater(f"kafka-{written.reason}")
        self._taken(came, decision, arrival.now)
        if not decision.acknowledge:
            self._left.add(message)
            return None
        return await self._off(lambda: self.box.acknowledge(message))

    def _taken(self, came: Parcel | Unfetched, decision: Decision, now: datetime) -> None:
        self._fetched += 1
        self.meters.messages.labels(self.source, decision.reason).inc()
        if came.head.kind != "DATA":
            status = came.head.status if came.head.status.isalnum() else "other"
            self.meters.reports.labels(self.source, status[:8]).inc()
        if decision.parked:
            _log.warning(
                "mesh.message-parked",
                source=self.source,
                reason=decision.reason,
                id=decision.entry.envelope.id,
                left_in_mailbox=not decision.acknowledge,
            )
        if isinstance(came, Parcel) and came.head.kind == "DATA":
            self._hearing.heard(came.head.workflow, now)

    def _look_at(self, listed: tuple[str, ...]) -> None:
        self._more = len(listed) >= MOST_LISTED
        self._left &= set(listed)
        self._late &= set(listed)
        age = oldest(listed, self.clock())
        self.meters.waiting.labels(self.source).set(len(listed))
        self.meters.left.labels(self.source).set(len(self._left))
        self.meters.oldest.labels(self.source).set(age.total_seconds())
        if age > OLD:
            _log.error(
                "mesh.messages-near-return",
                source=self.source,
                waiting=len(listed),
                oldest_seconds=int(age.total_seconds()),
                advice="MESH returns what lies for five days to its sender as undelivered.",
            )

    def _tell(self, ended: TryLater | None, now: datetime) -> None:
        if self._fetched:
            _log.info("mesh.fetched", source=self.source, messages=self._fetched)
        self.meters.failing.labels(self.source).set(ended is not None)
        if ended is None:
            if self.failing:
                _log.info("mesh.works-again", source=self.source, failed_rounds=self.failures)
            self.failures, self.failing = 0, ""
            self.meters.polled.labels(self.source).set(now.timestamp())
            return
        self.failures, self.failing = self.failures + 1, ended.reason
        self.meters.failures.labels(self.source, ended.reason).inc()
        _log.error(
            "mesh.round-failed",
            source=self.source,
            reason=ended.reason,
            failed_rounds=self.failures,
            advice=_ADVICE.get(ended.reason, "It is tried again; nothing is lost."),
        )

    async def _wait(self, time: timedelta) -> None:
        """Wait to be told to stop, for so long at most; silence is noticed meanwhile."""
        until = self.clock() + time
        while not self.stopping.is_set() and (left := until - self.clock()) > timedelta(0):
            nap = min(left, self._hearing.look_again(self.clock()))
            try:
                await asyncio.wait_for(self.stopping.wait(), nap.total_seconds())
            except TimeoutError:
                self._hearing.listen(self.clock())

    async def _off(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
