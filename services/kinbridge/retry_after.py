"""How long another system asks to be left alone: Retry-After of HTTP (RFC 9110 section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_DIGITS: Final = 9


def seconds(said: str, now: datetime, longest: int) -> int | None:
    """Read a header that holds seconds or a date. None: it says nothing that can be read.

    The wish is granted up to `longest`, in seconds; a date that has gone by is none at all, 0.
    """
    if said.isascii() and said.isdigit():
        return min(int(said[:_DIGITS]), longest)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0, int((until - now).total_seconds())), longest)
