"""Whether a source is still heard: what is shown and told of that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from kinbridge.intake.freshness import Freshness
from kinbridge.intake.source_meters import SourceMeters

_log = structlog.get_logger("kinbridge.intake")


class Hearing:
    """What was heard of one source, and when. It begins as if it were heard at `now`."""

    def __init__(
        self, source: str, expect_within: timedelta, meters: SourceMeters, now: datetime
    ) -> None:
        self._source: Final = source
        self._meters: Final = meters
        self._fresh = Freshness(expect_within, now)
        meters.expected.labels(source).set(expect_within.total_seconds())
        meters.received.labels(source).set(0)
        meters.silent.labels(source).set(0)

    def heard(self, now: datetime) -> None:
        """Take note that something came."""
        before, self._fresh = self._fresh, self._fresh.heard_at(now)
        self._meters.received.labels(self._source).set(now.timestamp())
        self._meters.silent.labels(self._source).set(0)
        if before.silent:
            quiet = int(before.quiet_for(now).total_seconds())
            _log.info("source.heard-again", source=self._source, quiet_seconds=quiet)

    def look(self, now: datetime) -> None:
        """Tell operations when nothing has come for longer than may be."""
        before, self._fresh = self._fresh, self._fresh.looked_at(now)
        self._meters.silent.labels(self._source).set(self._fresh.silent)
        if self._fresh.silent and not before.silent:
            _log.error(
                "source.silent",
                source=self._source,
                quiet_seconds=int(self._fresh.quiet_for(now).total_seconds()),
                expected_seconds=int(self._fresh.expect_within.total_seconds()),
            )

    def look_again(self, now: datetime) -> timedelta:
        """Give how long until the source may have fallen silent by itself."""
        return self._fresh.look_again(now)
