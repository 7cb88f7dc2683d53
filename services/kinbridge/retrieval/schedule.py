"""How long to wait after an attempt that failed. Pure.

The pause doubles up to a limit. Its spread is drawn from the question's id, so that those who
failed together do not come back together and a replay agrees.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from typing import Final

_FIRST: Final = timedelta(seconds=2)
_SPREAD: Final = 0.25
_DOUBLINGS: Final = 20

LONGEST: Final = timedelta(minutes=10)
"""Of one question that fails while others are answered."""
LONGEST_OF_ALL: Final = timedelta(minutes=1)
"""Of a destination that answers nobody: it is looked at once a minute."""
LONGEST_WISH: Final = timedelta(hours=1)
"""What a destination may ask for itself (RFC 9110 section 10.2.3, Retry-After)."""


def pause(name: str, failures: int, longest: timedelta) -> timedelta:
    """Give the pause after so many failures in a row, of the question or destination named."""
    doubled = min(_FIRST * int(1 << min(failures - 1, _DOUBLINGS)), longest)
    digest = blake2b(f"{name}/{failures}".encode(), digest_size=4).digest()
    return doubled * (1 + _SPREAD * int.from_bytes(digest) / 2**32)


def wished(after_seconds: int | None) -> timedelta:
    """Give what the destination asked for: nothing, or so many seconds, to an hour at most."""
    return min(timedelta(seconds=after_seconds or 0), LONGEST_WISH)
