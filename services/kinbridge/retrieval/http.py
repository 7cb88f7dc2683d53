"""One request to another system, and what came of it. Nothing a server does raises.

Addresses hold NHS numbers where a specification wants it so. httpx writes each address into
its log: that log is cut off here, whatever the process does with logs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import httpx
from pydantic import SecretStr

from kinbridge import retry_after
from kinbridge.retrieval.schedule import LONGEST_WISH
from kinbridge_schemas.base import Code

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
WITHIN: Final = 60.0
"""Seconds for the whole of a request, however slowly a server drips."""
MOST_BYTES: Final = 4_000_000
"""An answer that is longer does not fit the topic of outcomes, where it stands in base 64."""

_DIGITS: Final = 9
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TRY_LATER: Final = frozenset({401, 408, 425, 429})
"""Statuses below 500 that may be otherwise the next time; 401 with a new token."""
_NOT_FOUND: Final = 404
_OK: Final = 200

Outcome = Literal["answered", "no-record", "try-later", "refused"]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one request. `content` is not shown: it is about somebody.

    `made` is when the request itself was made; None where none was.
    """

    outcome: Outcome
    reason: Code
    status: int = 0
    version: int = 0
    after_seconds: int | None = None
    content_type: str = ""
    content: bytes = b""
    made: datetime | None = None

    def __repr__(self) -> str:
        return f"Said({self.outcome}, {self.reason}, {len(self.content)} bytes)"


class AddressError(Exception):
    """An address is not one that may be asked. The text names it and does not show it."""


def checked(address: SecretStr, name: str) -> httpx.URL:
    """Give a base address. Raises AddressError unless https, or http on this machine."""
    try:
        url = httpx.URL(address.get_secret_value().rstrip("/"))
    except httpx.InvalidURL:
        raise AddressError(f"The address of {name} is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise AddressError(f"The address of {name} is not https.")
    return url


def new_client(timeout: httpx.Timeout = TIMEOUT) -> httpx.AsyncClient:
    """Give a client that follows no redirects and whose library writes no log."""
    for name in ("httpx", "httpcore"):
        library = logging.getLogger(name)
        library.handlers[:] = [logging.NullHandler()]
        library.propagate = False
    return httpx.AsyncClient(timeout=timeout, follow_redirects=False)


async def fetch(
    client: httpx.AsyncClient,
    request: httpx.Request,
    clock: Clock,
    *,
    within: float = WITHIN,
    most: int = MOST_BYTES,
) -> Said:
    """Make a request and judge what comes."""
    made = clock()
    return replace(await _said(client, request, made, within, most), made=made)


async def _said(
    client: httpx.AsyncClient, request: httpx.Request, now: datetime, within: float, most: int
) -> Said:
    try:
        async with asyncio.timeout(within):
            response = await client.send(request, stream=True)
            try:
                content = await _read(response, most)
            finally:
                await response.aclose()
    except (httpx.TimeoutException, TimeoutError):
        return Said("try-later", "timed-out")
    except httpx.HTTPError:
        # Its text and its request would show the address.
        return Said("try-later", "not-reached")
    if content is None:
        return Said("refused", "answer-too-large", response.status_code)
    return judged(response, content, now)


async def _read(response: httpx.Response, most: int) -> bytes | None:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def judged(response: httpx.Response, content: bytes, now: datetime) -> Said:
    """Say what a status means. A redirect is a refusal: an address is changed by a person."""
    status = response.status_code
    if status in {_OK, _NOT_FOUND}:
        return Said(
            "answered" if status == _OK else "no-record",
            f"status-{status}",
            status,
            version=version_of(response.headers.get("etag", "")),
            content_type=response.headers.get("content-type", "")[:200],
            content=content,
        )
    if status in _TRY_LATER or status >= 500:  # noqa: PLR2004 - the class of server errors
        wish = response.headers.get("retry-after", "")
        after = retry_after.seconds(wish, now, int(LONGEST_WISH.total_seconds()))
        return Said("try-later", f"status-{status}", status, after_seconds=after)
    return Said("refused", f"status-{status}", status)


def version_of(etag: str) -> int:
    """Give the number of a weak ETag as `W/"4"`; 0 for one that is no number."""
    text = etag.removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
