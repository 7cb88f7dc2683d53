"""Tell operations what a worker sees: metrics, and events when something begins or ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from kinbridge.runtime.clock import BEFORE_TIME, Source, holding_back
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.meters import Meters
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.progress import Progress

log: Final = structlog.get_logger("kinbridge.runtime")


class Watch:
    """One worker's eyes on itself. `clock` is the wall clock, which only operations look at.

    `stale_after` is how old a source's last clock may be; `gap_after` how long, in turns, a
    late record of a source may be late before it is told.
    """

    def __init__(
        self,
        plan: Plan[Any],
        meters: Meters,
        clock: Callable[[], datetime],
        *,
        stale_after: timedelta,
        gap_after: timedelta = timedelta(seconds=60),
    ) -> None:
        self._plan: Final = plan
        self._meters: Final = meters
        self._clock: Final = clock
        self._stale_after: Final = stale_after
        self._gap_after: Final = gap_after
        self._started: Final = clock()
        self._stale: set[tuple[int, Source]] = set()
        self._gaps: dict[tuple[int, str, str], datetime] = {}
        self._told: set[tuple[int, str, str]] = set()

    @property
    def _stage(self) -> str:
        return self._plan.stage.name

    def resumed(self, progress: Mapping[int, Progress]) -> None:
        log.info("stage.ready", stage=self._stage, partitions=sorted(progress))
        self._gaps.clear()
        self._told.clear()
        self._stale = {at for at in self._stale if at[0] in progress}

    def lost(self, why: str) -> None:
        log.warning("turn.lost", stage=self._stage, why=why)
        self._meters.races.labels(self._stage, why).inc()

    def turned(self, folded: Iterable[Folded[Any]], seconds: float) -> None:
        """Count a turn that was committed and sent."""
        taken = 0
        for each in folded:
            taken += each.taken
            for reason, count in each.reasons.items():
                self._meters.decisions.labels(self._stage, reason).inc(count)
            for reason, count in each.dead.items():
                self._meters.dead.labels(self._stage, reason).inc(count)
            if each.repeats:
                self._meters.repeats.labels(self._stage).inc(each.repeats)
            self._follow_gaps(each)
        self._meters.events.labels(self._stage).inc(taken)
        self._meters.turn_size.labels(self._stage).observe(taken)
        self._meters.turn_seconds.labels(self._stage).observe(seconds)

    def paused(self, *, stuck: int, suspended: int) -> None:
        """Show how many partitions wait for a person."""
        self._meters.paused.labels(self._stage, "stuck").set(stuck)
        self._meters.paused.labels(self._stage, "suspended").set(suspended)

    def looked(self, progress: Mapping[int, Progress]) -> None:
        """Look at the time of each partition, and at what has been late for too long."""
        now = self._clock()
        for partition, each in progress.items():
            if each.judged > BEFORE_TIME:
                age = (now - each.judged).total_seconds()
                self._meters.time_age.labels(self._stage, str(partition)).set(age)
        self._follow_stale(progress, now)
        for at, since in self._gaps.items():
            if at not in self._told and now - since > self._gap_after:
                self._told.add(at)
                partition, source, topic = at
                log.error(
                    "sequence.gap",
                    stage=self._stage,
                    partition=partition,
                    source=source,
                    topic=topic,
                )

    def _follow_gaps(self, folded: Folded[Any]) -> None:
        partition = folded.before.partition
        for source, topic in folded.gaps:
            self._gaps.setdefault((partition, source, topic), self._clock())
        # An open gap is closed by the record that was missing: its number was expected.
        for at in [at for at in self._gaps if at[0] == partition]:
            of = (at[1], at[2])
            moved = folded.after.expected.get(of) != folded.before.expected.get(of)
            if moved and of not in folded.gaps:
                del self._gaps[at]
                self._told.discard(at)
        self._meters.gaps.labels(self._stage).set(len(self._gaps))

    def _follow_stale(self, progress: Mapping[int, Progress], now: datetime) -> None:
        if now - self._started < self._stale_after:
            return
        stale = {
            (partition, source)
            for partition, each in progress.items()
            for source in holding_back(
                each.clocks, self._plan.sources, now=now, limit=self._stale_after
            )
        }
        self._say_sources("clock.stale", stale - self._stale)
        self._say_sources("clock.fresh", self._stale - stale)
        self._stale = stale
        self._meters.stale.labels(self._stage).set(len(stale))

    def _say_sources(self, event: str, changed: set[tuple[int, Source]]) -> None:
        for topic, writer in sorted({source for _, source in changed}):
            partitions = sorted(p for p, source in changed if source == (topic, writer))
            log.warning(
                event, stage=self._stage, topic=topic, writer=writer, partitions=partitions
            )
