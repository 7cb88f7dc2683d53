"""When a mailbox is asked again, and how long a message has lain in it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FIRST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=15)
LONGEST_WISH: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 10

OLD: Final = timedelta(days=4)
"""From here on operations are told of a message that still lies in the box: after five days MESH
gives it up, and tells its sender."""

# A message id of MESH begins with the time of its acceptance, as 20210311101813838554_1B8F53.
_STAMPED: Final = re.compile(r"^(\d{14})\d*_")

REFUSED: Final = "access-refused"
_REASONS: Final = {
    401: REFUSED,
    403: REFUSED,
    404: "message-not-found",
    408: "timed-out",
    410: "message-gone",
    425: "too-early",
    429: "too-many-requests",
}
NOT_TO_BE_HAD: Final = frozenset({404, 410})
"""The statuses of a message that is not there any more."""
_SERVER: Final = 500


def reason_of(status: int) -> str:
    """Name an HTTP status of MESH."""
    if status in _REASONS:
        return _REASONS[status]
    return "server-error" if status >= _SERVER else "request-refused"


def pause(
    failures: int, poll_every: timedelta, *, reason: str = "", wish: timedelta | None = None
) -> timedelta:
    """Give how long to leave a mailbox alone after so many failed rounds in a row.

    Without a failure, and where it is the credentials that are wrong, that is `poll_every`:
    trying a password again and again helps nobody. `wish` is what the server asks for.
    """
    if failures == 0 or reason == REFUSED:
        return poll_every
    grown = _FIRST * (1 << min(failures - 1, _MOST_DOUBLINGS))
    return max(min(grown, _LONGEST), min(wish or _FIRST, LONGEST_WISH))


def accepted_at(message: str) -> datetime | None:
    """Read off a message id when MESH accepted the message. None: it does not say."""
    found = _STAMPED.match(message)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def oldest(messages: tuple[str, ...], now: datetime) -> timedelta:
    """Give the age of the oldest message of a mailbox, as far as the ids say."""
    ages = [now - at for at in map(accepted_at, messages) if at is not None]
    return max(ages, default=timedelta(0))
