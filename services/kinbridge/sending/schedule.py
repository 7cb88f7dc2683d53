"""When a failed attempt is made again: ten times over about three days. Pure.

Source: Standard Webhooks, section "Deliverability and reliability". The spread is drawn from
the dispatch's id, so that subscriptions do not come back all at once and a replay agrees.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from typing import Final

_AFTER: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
_SPREAD: Final = 0.1
_LONGEST: Final = timedelta(days=1)


def attempts() -> int:
    """How many attempts a dispatch has."""
    return len(_AFTER) + 1


def pause(dispatch: str, number: int, asked: int | None) -> timedelta | None:
    """How long to wait after attempt `number` failed; None: that was the last.

    `asked` is the destination's own wish in seconds (RFC 9110 section 10.2.3, Retry-After). It
    lengthens the pause, to a day at most, and never shortens it.
    """
    if number > len(_AFTER):
        return None
    digest = blake2b(f"{dispatch}/{number}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest) / 2**32
    drawn = _AFTER[number - 1] * (1 + _SPREAD * share)
    wished = min(timedelta(seconds=asked or 0), _LONGEST)
    return max(drawn, wished)
