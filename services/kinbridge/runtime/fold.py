"""Fold the records of one partition into its states, due times, tasks and outputs. Pure.

Each record sees what those before it wrote, so a batch gives the same as its records one at a
time. A record's effects are worked out whole before any of them is kept: what fails in the
middle of a record leaves nothing behind.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Generic, TypeVar

from kinbridge.runtime.clock import heard, least
from kinbridge.runtime.effect import Effect, buried, decided, looked_again
from kinbridge.runtime.emit import clock_drafts, with_number
from kinbridge.runtime.folded import Folded, Hole, Stop, Stuck, Suspended
from kinbridge.runtime.limit import Tally
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.prepare import Broken, Fact, Prepared, Tick, Unread, place_of
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.records import Draft, Outgoing
from kinbridge.runtime.seen import Due, Kept, MissingError, Seen, Shelf, Waiting
from kinbridge.runtime.sequence import Numbered, Verdict, judge, source_name
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)


class Fold(Generic[S]):
    """One fold of one partition: made, run to its end, and thrown away."""

    def __init__(
        self,
        plan: Plan[S],
        progress: Progress,
        seen: Seen[S],
        shelf: Shelf,
        tallies: Mapping[str, Tally],
        skips: Mapping[tuple[str, int], str],
    ) -> None:
        self._plan: Final = plan
        self._before: Final = progress
        self._seen: Final = seen
        self._shelf: Final = shelf
        self._skips: Final = skips
        self._source: Final = source_name(
            plan.stage.name, plan.stage.version, progress.epoch, progress.partition
        )
        self._positions = dict(progress.positions)
        self._expected = dict(progress.expected)
        self._numbers = dict(progress.numbers)
        self._place = progress.place
        self._clocks = progress.clocks
        self._time = least(progress.clocks, plan.sources)
        self._judged = progress.judged
        self._states: dict[str, Kept[S]] = {}
        self._tasks: dict[str, Waiting | None] = {}
        self._outbox: list[Outgoing] = []
        self._due: list[Due] = list(seen.due)
        heapq.heapify(self._due)
        self._taken = 0
        self._evaluated = 0
        self._reasons: Counter[str] = Counter()
        self._dead: Counter[str] = Counter()
        self._repeats = 0
        self._gaps: set[tuple[str, str]] = set()
        self._tallies = dict(tallies)

    def run(self, records: Sequence[Prepared]) -> Folded[S]:
        """Fold the records in their order.

        Raises MissingError when the store must be read for more. The record or due time that
        met it has done nothing: read more, call again, and it goes on there.
        """
        stop = self._judge()
        while stop is None and not self._more and self._taken < len(records):
            stop = self._step(records[self._taken])
            if stop is None or isinstance(stop, Suspended):
                self._taken += 1
            if stop is None:
                stop = self._judge()
        return self._folded(stop)

    @property
    def _more(self) -> bool:
        return self._time > self._judged

    # -- one record

    def _step(self, prepared: Prepared) -> Stop | None:
        record, number = prepared.record, prepared.numbered
        position = self._positions.get(record.topic, 0)
        if record.offset < position:
            return None
        if record.offset > position:
            return Hole(record.topic, record.offset, position)
        if number is not None and not self._accepts(number, record.topic):
            self._positions[record.topic] = record.offset + 1
            return None
        try:
            effect = self._effect(prepared)
        except MissingError:
            raise
        except Exception as bug:  # noqa: BLE001 - any fault of ours stops this partition only
            return Stuck(record.topic, record.offset, place_of(bug))
        if isinstance(effect, Stuck):
            return effect
        self._keep(effect)
        self._positions[record.topic] = record.offset + 1
        if number is not None:
            self._expected[number.source, record.topic] = number.number + 1
        if record.topic in self._plan.from_outside and not isinstance(prepared.item, Tick):
            return self._counted(prepared, unreadable=bool(effect.dead))
        return None

    def _accepts(self, number: Numbered, topic: str) -> bool:
        at = (number.source, topic)
        truncated = topic in self._before.truncated
        verdict = judge(self._expected.get(at), number.number, truncated=truncated)
        if verdict is Verdict.REPEAT:
            self._repeats += 1
        elif verdict is Verdict.BEYOND:
            self._gaps.add(at)
        else:
            self._gaps.discard(at)
        return verdict is Verdict.NEXT

    def _effect(self, prepared: Prepared) -> Effect[S] | Stuck:
        record, item = prepared.record, prepared.item
        if skipped := self._skips.get((record.topic, record.offset)):
            item = Unread("skipped", skipped, None)
        match item:
            case Tick(source, now):
                self._clocks = heard(self._clocks, source, now)
                self._time = least(self._clocks, self._plan.sources)
                return Effect()
            case Unread():
                return buried(self._plan, record, item)
            case Broken(code):
                return Stuck(record.topic, record.offset, code)
            case Fact():
                return decided(
                    self._plan,
                    record,
                    item,
                    self._kept(item.key).state,
                    clock=self._judged,
                    shelf=self._shelf,
                )

    # -- due times

    def _judge(self) -> Stop | None:
        """Evaluate what is due up to the time, then pass the time on. May leave a rest."""
        while (time := self._time) > self._judged:
            due = self._next_due(time)
            if due is None:
                # Rows beyond the horizon may be due as well: they are read for the next turn.
                if self._seen.horizon[0] <= time:
                    return None
                self._judged = time
                for record in clock_drafts(self._plan, time):
                    self._say(record)
                return None
            if self._evaluated >= self._plan.due_chunk:
                return None
            if stuck := self._evaluate(due, time):
                return stuck
            self._evaluated += 1
        return None

    def _next_due(self, time: datetime) -> Due | None:
        while self._due:
            due = self._due[0]
            if due[0] > time or due > self._seen.horizon:
                return None
            if self._kept(due[1]).due == due[0]:
                return due
            heapq.heappop(self._due)
        return None

    def _evaluate(self, due: Due, time: datetime) -> Stuck | None:
        try:
            effect = looked_again(self._plan, self._kept(due[1]).state, due, time)
        except MissingError:
            raise
        except Exception as bug:  # noqa: BLE001 - as for a record
            return Stuck("", -1, place_of(bug))
        heapq.heappop(self._due)
        self._keep(effect)
        return None

    # -- keeping

    def _keep(self, effect: Effect[S]) -> None:
        if effect.kept is not None:
            self._states[effect.key] = effect.kept
            if effect.kept.due is not None:
                heapq.heappush(self._due, (effect.kept.due, effect.key))
            if self._plan.stage.task is not None:
                self._tasks[effect.key] = effect.task
            self._reasons[effect.reason] += 1
        self._shelf.written.update(effect.documents)
        if effect.dead:
            self._dead.update(effect.dead)
        for record in effect.drafts:
            self._say(record)

    def _say(self, record: Draft) -> None:
        to = (record.topic, record.destination)
        number = self._numbers.get(to, 0)
        headers = with_number(record.headers, self._source, number)
        self._numbers[to] = number + 1
        self._outbox.append(
            Outgoing(self._before.partition, self._place, *to, record.key, record.value, headers)
        )
        self._place += 1

    def _kept(self, key: str) -> Kept[S]:
        kept = self._states.get(key) or self._seen.state(key)
        return kept or Kept(self._plan.stage.fresh())

    def _counted(self, prepared: Prepared, *, unreadable: bool) -> Suspended | None:
        record, item = prepared.record, prepared.item
        envelope = item.message.envelope if isinstance(item, Fact) else None
        if isinstance(item, Unread):
            envelope = item.envelope
        source = envelope.source if envelope else record.topic
        limit = self._plan.limit
        tally = self._tallies.get(source, Tally()).with_record(limit, unreadable=unreadable)
        self._tallies[source] = tally
        return Suspended(record.topic, source) if tally.beyond(limit) else None

    def _folded(self, stop: Stop | None) -> Folded[S]:
        after = replace(
            self._before,
            version=self._before.version + 1,
            positions=self._positions,
            expected=self._expected,
            numbers=self._numbers,
            place=self._place,
            clocks=self._clocks,
            judged=self._judged,
        )
        return Folded(
            before=self._before,
            after=after,
            states=self._states,
            tasks=self._tasks,
            outbox=tuple(self._outbox),
            taken=self._taken,
            more=stop is None and self._more,
            stop=stop,
            reasons=self._reasons,
            dead=self._dead,
            repeats=self._repeats,
            gaps=frozenset(self._gaps),
            tallies=self._tallies,
        )
