"""When most of what a source sends cannot be read, the fault is not in its records. Pure.

Dead-lettering without a limit would empty a whole feed into the dead letters after one bad
release, on either side. Only records that come from outside the line are counted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """Suspend a source when more than `share` of its last `window` records are unreadable.

    Nothing is said before `least` records have come.
    """

    window: int = 200
    share: float = 0.5
    least: int = 50


@dataclass(frozen=True, slots=True)
class Tally:
    """The last records of one source: a bit for each, set where it could not be read."""

    bits: int = 0
    count: int = 0

    def with_record(self, limit: Limit, *, unreadable: bool) -> Tally:
        bits = (self.bits << 1 | unreadable) & ((1 << limit.window) - 1)
        return Tally(bits, min(self.count + 1, limit.window))

    def beyond(self, limit: Limit) -> bool:
        return self.count >= limit.least and self.bits.bit_count() > limit.share * self.count
