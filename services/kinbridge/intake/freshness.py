"""Whether a source is still heard, so that silence is never taken for good news. Pure.

A source that is fetched says how long it may be quiet. Beyond that it is silent, until it is
heard again. Nothing is known of the time before the process started: it counts from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a source was last heard, and whether it is silent. `heard` begins as the start."""

    expect_within: timedelta
    heard: datetime
    silent: bool = False

    def heard_at(self, now: datetime) -> Self:
        return replace(self, heard=max(self.heard, now), silent=False)

    def looked_at(self, now: datetime) -> Self:
        return replace(self, silent=now - self.heard > self.expect_within)

    def quiet_for(self, now: datetime) -> timedelta:
        return max(now - self.heard, timedelta(0))

    def look_again(self, now: datetime) -> timedelta:
        """Give how long until this may have changed by itself."""
        left = self.heard + self.expect_within - now
        return left if left > timedelta(0) else self.expect_within
