"""What a destination is, whatever it speaks: what is posted to it, and what its answers mean.

A destination touches nothing outside: `agent.py` makes the requests. Addresses and secrets do
not print.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

import httpx
from pydantic import SecretStr

from kinbridge import retry_after
from kinbridge.sending.state import Errand

Outcome = Literal["delivered", "try-later", "refused", "gone"]

MOST_READ: Final = 4_096
"""Bytes of an answer that are looked at."""
GONE: Final = 410
TRY_LATER: Final = frozenset({408, 409, 423, 425, 429})
"""Statuses below 500 that may be otherwise the next time."""
_LONGEST_WISH: Final = 86_400
"""A destination may ask for a day at most."""
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt."""

    outcome: Outcome
    reason: str
    status: int = 0
    after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One request. Not printed: its address and headers are secret, its content may be too."""

    url: str
    content: bytes
    headers: dict[str, str]

    def __repr__(self) -> str:
        return f"Post({len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class Said:
    """What a destination answered: its status, when to come again, the first of its body."""

    status: int
    retry_after: str
    body: bytes


class Destination(Protocol):
    """Where a subscription is delivered. Several posts are one attempt, made in their order."""

    def check(self, name: str) -> None:
        """Raise ValueError, naming the subscription only, for what cannot be sent to safely."""
        ...

    def posts(self, errand: Errand, now: datetime, /) -> tuple[Post, ...]: ...

    def judged(self, said: Said, now: datetime, /) -> Answer: ...


def check_address(name: str, address: SecretStr) -> httpx.URL:
    """Give the address. Raises ValueError for one that is not https, or http on this machine."""
    try:
        url = httpx.URL(address.get_secret_value())
    except httpx.InvalidURL:
        raise ValueError(f"The address of {name} is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise ValueError(f"The address of {name} is not https.")
    return url


def by_status(said: Said, now: datetime) -> Answer:
    """Say what a status means wherever it comes from (RFC 9110).

    A redirect is a refusal: an address is changed by a person.
    """
    status = said.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Answer("delivered", "accepted", status)
    if status == GONE:
        return Answer("gone", "gone", status)
    if status in TRY_LATER or status >= 500:  # noqa: PLR2004 - the class of server errors
        after = retry_after.seconds(said.retry_after, now, _LONGEST_WISH)
        return Answer("try-later", f"status-{status}", status, after)
    return Answer("refused", f"status-{status}", status)
