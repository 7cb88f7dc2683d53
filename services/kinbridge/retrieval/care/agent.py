"""The outside of care retrieval: one search, with its pages, on one provider's server.

Whatever the server does is an outcome. Nothing that names a person is in an address, and what
is read is bounded in pages and bytes; the server is rested between two pages.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final, Protocol
from uuid import UUID

import httpx
from pydantic import SecretStr

from kinbridge.retrieval.care.decide import (
    MEDIA_TYPE,
    Request,
    Verdict,
    first_request,
    joined,
    judged,
    next_request,
    page_of,
)
from kinbridge.retrieval.state import Errand
from kinbridge.sources.care import CareServer
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.retrieval import Retrieved

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
WITHIN: Final = 120.0
"""Seconds for a whole search, however slowly the server drips."""
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Authorised(Protocol):
    """Gives the headers that say who asks. Raises NotAuthorisedError when it cannot."""

    async def __call__(self) -> Mapping[str, str]: ...


class NotAuthorisedError(Exception):
    """No token could be had: the search is tried again later. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server of the file of sources with what its settings hold."""

    server: CareServer
    base: SecretStr
    authorised: Authorised


@dataclass(slots=True)
class _Read:
    """What was read of a search so far."""

    verdict: Verdict
    pages: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.pages))


def wall_clock() -> datetime:
    return datetime.now(UTC)


class CareSearches:
    """Performs the searches for care of the stage retrieval. Redirects are not followed.

    Raises ValueError at once for an address that is not https (or http on this machine).
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        timeout: httpx.Timeout = TIMEOUT,
        within: float = WITHIN,
        clock: Callable[[], datetime] = wall_clock,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        for name, endpoint in endpoints.items():
            _check(name, endpoint.base)
        self._endpoints: Final = endpoints
        self._timeout: Final = timeout
        self._within: Final = within
        self._clock: Final = clock
        self._rest: Final = rest
        self._client: httpx.AsyncClient | None = None

    async def ask(self, errand: Errand) -> Retrieved:
        """Make one attempt at one search. Never raises for what the server does."""
        endpoint = self._endpoints.get(errand.asked.destination)
        attempted = self._clock()
        if endpoint is None:
            found = _Read(Verdict("refused", "destination-not-configured"))
        else:
            found = await self._attempt(endpoint, errand)
        verdict = found.verdict
        answered = verdict.outcome == "answered"
        return Retrieved(
            id=derive_id("retrieved", errand.asked.id, errand.step, str(errand.number)),
            destination=errand.asked.destination,
            retrieval=errand.asked.id,
            step=errand.step,
            number=errand.number,
            outcome=verdict.outcome,
            reason=verdict.reason,
            status=verdict.status,
            after_seconds=verdict.after_seconds,
            attempted=attempted,
            content_type=MEDIA_TYPE if answered else "",
            content=b64encode(joined(found.pages)) if answered else b"",
        )

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _attempt(self, endpoint: Endpoint, errand: Errand) -> _Read:
        try:
            async with asyncio.timeout(self._within):
                return await self._search(endpoint, errand)
        except (httpx.TimeoutException, TimeoutError):
            return _Read(Verdict("try-later", "timed-out"))
        except httpx.TransportError:
            return _Read(Verdict("try-later", "not-reached"))
        except NotAuthorisedError as problem:
            return _Read(Verdict("try-later", problem.reason))

    async def _search(self, endpoint: Endpoint, errand: Errand) -> _Read:
        server, base = endpoint.server, endpoint.base.get_secret_value()
        found = _Read(Verdict("answered", "answered", 200))
        request: Request | None = first_request(errand.asked, errand.step, server, base)
        while request is not None and len(found.pages) < server.pages:
            if found.pages:
                await self._rest(1 / server.per_second)
            name = f"{errand.asked.id}/{errand.step}/{errand.number}/{len(found.pages)}"
            verdict, content = await self._one(endpoint, request, name, found.size)
            if verdict.outcome != "answered":
                return _Read(verdict)
            page = page_of(content) if content is not None else None
            if content is None and found.pages:
                # The last page that fitted names the next: so it is seen that there is more.
                return found
            if content is None or page is None:
                reason = "answer-too-large" if content is None else "answer-unreadable"
                return _Read(Verdict("refused" if content is None else "try-later", reason, 200))
            found.pages.append(content)
            request = next_request(page, errand.asked.nhs_number, base)
        return found

    async def _one(
        self, endpoint: Endpoint, request: Request, name: str, held: int
    ) -> tuple[Verdict, bytes | None]:
        """Make one request. Gives None for a body that is larger than what there is room for."""
        headers = {
            "accept": MEDIA_TYPE,
            "user-agent": "kinbridge",
            "x-request-id": str(UUID(bytes=blake2b(name.encode(), digest_size=16).digest())),
            **await endpoint.authorised(),
        }
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, follow_redirects=False)
        method = "POST" if request.form else "GET"
        form = _as_form(request) if request.form else None
        room = endpoint.server.max_bytes - held
        async with self._client.stream(
            method, request.address, data=form, headers=headers
        ) as said:
            retry_after = said.headers.get("retry-after", "")
            verdict = judged(said.status_code, retry_after, self._clock())
            if verdict.outcome != "answered":
                return verdict, None
            return verdict, await _read(said, room)


def _as_form(request: Request) -> dict[str, list[str]]:
    """Give the form as httpx takes it: a name may stand more than once."""
    found: dict[str, list[str]] = {}
    for name, value in request.form:
        found.setdefault(name, []).append(value)
    return found


async def _read(said: httpx.Response, room: int) -> bytes | None:
    parts, size = [], 0
    async for chunk in said.aiter_bytes():
        size += len(chunk)
        if size > room:
            return None
        parts.append(chunk)
    return b"".join(parts)


def _check(name: str, base: SecretStr) -> None:
    try:
        url = httpx.URL(base.get_secret_value())
    except httpx.InvalidURL:
        raise ValueError(f"The address of {name} is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise ValueError(f"The address of {name} is not https.")
