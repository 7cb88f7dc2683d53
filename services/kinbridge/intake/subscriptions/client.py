"""The client: reads what doors wrote, does what each subscription needs, and remembers.

What was read is done with when every subscription is settled: only then is the place in the
log kept, so that after a crash the rest is read again. Until when all changes were asked for is
kept beside it, so that a restart asks for what changed meanwhile and for nothing more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from kinbridge.intake.agent import Clock
from kinbridge.intake.subscriptions import decide
from kinbridge.intake.subscriptions.agent import AwayError
from kinbridge.intake.subscriptions.asking import Asking
from kinbridge.intake.subscriptions.letters import Letter
from kinbridge.intake.subscriptions.meters import Meters
from kinbridge.intake.subscriptions.watch import Said, Step, Told, Watch
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_fhir.notifications import delivered
from kinbridge_schemas.problems import UnreadableError

_log = structlog.get_logger("kinbridge.intake.subscriptions")

_MOST_STEPS: Final = 200
"""Of one subscription in one turn: then the log is read again."""
_MOST_WAIT: Final = 1.0


class Log(Protocol):
    """Where notifications are read from, with one text to remember."""

    @property
    def remembered(self) -> str: ...

    async def read(self, within: float) -> tuple[list[Letter], bool]: ...

    def position(self) -> Mapping[int, int]: ...

    async def keep(self, position: Mapping[int, int], remembered: str) -> None: ...


@dataclass(slots=True)
class Watched:
    """One subscription, its questions, and what is known of it."""

    asking: Asking
    watch: Watch
    task: asyncio.Task[None] | None = None

    @property
    def config(self) -> FhirSubscription:
        return self.asking.config


@dataclass(slots=True)
class Client:
    """Looks after all subscriptions of the file. `stopping` ends it after the turn in hand."""

    log: Log
    clock: Clock
    meters: Meters
    watched: dict[str, Watched]
    patience: float = 1.0
    """How long a turn waits for the servers, in seconds. A slow one goes on beside the next."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: Mapping[int, int] | None = None
    _kept: tuple[Mapping[int, int], str] | None = None

    async def run(self, able: Callable[[], bool]) -> None:
        """Work until told to stop, or until it is not able to: Kafka then needs a new start.

        Raises BrokerAwayError.
        """
        wait = timedelta(0)
        try:
            while able() and not self.stopping.is_set():
                wait = await self.turn(min(wait.total_seconds(), _MOST_WAIT))
        finally:
            await self.end()

    async def turn(self, within: float = 0.0) -> timedelta:
        """Read what came, do all that is due, and remember. Gives how long until more is due."""
        if self._settled is None:
            self._settled = self.log.position()
        letters, more = await self.log.read(within)
        position = self.log.position()
        for letter in letters:
            self._hear(letter)
        if more:
            return timedelta(0)
        await self._look_after_all()
        await self._remember(position)
        now = self.clock()
        return min(
            (decide.look_again(each.watch, each.config, now) for each in self.watched.values()),
            default=timedelta(minutes=1),
        )

    async def end(self) -> None:
        """Break off what is still being asked. It counts as never asked."""
        tasks = [each.task for each in self.watched.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def failing(self) -> list[str]:
        """What does not work now, by subscription and code."""
        return [
            f"{name}:{each.watch.problem or 'silent'}"
            for name, each in self.watched.items()
            if each.watch.problem or each.watch.freshness.silent
        ]

    def _hear(self, letter: Letter) -> None:
        source, _, name = letter.feed.partition(".")
        each = self.watched.get(name)
        if each is None or each.config.source != source:
            return
        try:
            told = delivered(letter.content, letter.content_type)
        except UnreadableError:
            return  # it has its end as a dead letter
        self.meters.notifications.labels(name, told.notice.kind).inc()
        self.meters.received.labels(name).set(letter.recorded.timestamp())
        self._take(each, decide.heard(each.watch, told, letter.recorded, self.clock()))

    async def _look_after_all(self) -> None:
        # One that is still at work goes on: a slow server holds up nobody but itself.
        for each in self.watched.values():
            self._take(each, decide.looked(each.watch, self.clock()))
            if each.task is None:
                each.task = asyncio.create_task(self._look_after(each))
        tasks = [each.task for each in self.watched.values() if each.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self.patience)
        for each in self.watched.values():
            if each.task is not None and each.task.done():
                done, each.task = each.task, None
                done.result()  # a bug of ours ends the process, and it starts again

    async def _look_after(self, each: Watched) -> None:
        for _ in range(_MOST_STEPS):
            now = self.clock()
            step = decide.next_step(each.watch, each.config, now)
            if step is None or self.stopping.is_set():
                break
            await self._do(each, step, now)

    async def _do(self, each: Watched, step: Step, now: datetime) -> None:
        try:
            outcome = await each.asking.perform(step, now)
        except AwayError as problem:
            self._fail(each, step, problem.reason, problem.after)
        except UnreadableError as problem:
            self._fail(each, step, problem.reason, None)
        else:
            self._take(each, outcome(each.watch, self.clock()))
            self._take(each, decide.answered(each.watch))

    def _fail(self, each: Watched, step: Step, reason: str, wish: timedelta | None) -> None:
        self._take(each, decide.failed(each.watch, step, reason, self.clock(), wish))

    def _take(self, each: Watched, told: Told) -> None:
        each.watch, said = told
        for one in said:
            self._say(each.config, one)
        self._show(each)

    def _say(self, config: FhirSubscription, said: Said) -> None:
        self.meters.said.labels(config.name, said.code).inc()
        tell = {"info": _log.info, "warning": _log.warning, "error": _log.error}[said.level]
        tell(said.code, subscription=config.name, **said.fields)

    def _show(self, each: Watched) -> None:
        name, watch, meters = each.config.name, each.watch, self.meters
        meters.received.labels(name)  # nought until something comes
        meters.missing.labels(name).set(watch.missing)
        meters.pending.labels(name).set(len(watch.pending))
        meters.active.labels(name).set(watch.status == "active")
        meters.polled.labels(name).set(watch.reconciled.timestamp())
        meters.expected.labels(name).set(each.config.expect_within.total_seconds())
        meters.silent.labels(name).set(watch.freshness.silent)
        meters.failing.labels(name).set(bool(watch.problem))

    async def _remember(self, position: Mapping[int, int]) -> None:
        until = {
            name: each.watch.reconciled.isoformat(timespec="seconds")
            for name, each in self.watched.items()
        }
        if all(each.watch.settled for each in self.watched.values()):
            self._settled = position
        # What is not settled is read again, should this process end now.
        keep = (self._settled or position, json.dumps(until, separators=(",", ":")))
        if keep != self._kept:
            await self.log.keep(*keep)
            self._kept = keep


def until_when(remembered: str) -> dict[str, datetime]:
    """Read what was remembered, by subscription. A text that is not ours says nothing."""
    try:
        found = json.loads(remembered or "{}")
        return {str(name): datetime.fromisoformat(at) for name, at in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def watched(askings: Sequence[Asking], remembered: str, now: datetime) -> dict[str, Watched]:
    """Begin to watch each subscription, from what was remembered of it."""
    until = until_when(remembered)
    return {
        asking.config.name: Watched(
            asking, decide.begin(asking.config, now, until.get(asking.config.name))
        )
        for asking in askings
    }
