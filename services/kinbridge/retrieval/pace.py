"""How often a destination may be asked: a token bucket, kept as one instant. Pure.

Source: the generic cell rate algorithm (ITU-T I.371, annex A), which is a token bucket that
needs no timer. `owed` is when the bucket will be full again, so that it lies in the state of
the destination, and all workers share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `burst` at once, and `per_second` in the long run.

    `within` is how long one question is tried before it is said that nobody answered it.
    """

    per_second: int
    burst: int
    within: timedelta

    @property
    def interval(self) -> timedelta:
        return timedelta(microseconds=-(-_SECOND // self.per_second))

    def allowed(self, owed: datetime | None, now: datetime) -> datetime:
        """Give when the next request may be made, not before `now`."""
        if owed is None:
            return now
        return max(now, owed - (self.burst - 1) * self.interval)

    def charged(self, owed: datetime | None, at: datetime) -> datetime:
        """Take a token for a request that was made at that time."""
        return max(at, owed or at) + self.interval
