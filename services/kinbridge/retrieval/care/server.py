"""A provider's FHIR server: one search with its pages, and what came of it.

Nothing that names a person is in an address. What is read is bounded in pages and bytes, and
the server is rested between two pages. Nothing that it does raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import httpx

from kinbridge.retrieval.access import Access
from kinbridge.retrieval.care.decide import MEDIA_TYPE, Request, first_request, joined
from kinbridge.retrieval.care.paging import next_request, page_of
from kinbridge.retrieval.http import Clock, Said, fetch
from kinbridge.retrieval.state import Errand
from kinbridge.sources.care import CareServer
from kinbridge_schemas.base import derive_id

WITHIN: Final = 180.0
"""Seconds for a whole search with all its pages."""

_DENIED: Final = "status-401"

Rest = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Read:
    """The pages so far, when the first was asked for, and what is asked next."""

    request: Request | None
    pages: list[bytes] = field(default_factory=list)
    made: datetime | None = None

    @property
    def size(self) -> int:
        return sum(map(len, self.pages))


class CareSearches:
    """Searches one server. `rest` waits so many seconds."""

    def __init__(
        self,
        server: CareServer,
        address: httpx.URL,
        access: Access,
        *,
        within: float = WITHIN,
        rest: Rest = asyncio.sleep,
    ) -> None:
        self._server: Final = server
        self._address: Final = str(address)
        self._access: Final = access
        self._within: Final = within
        self._rest: Final = rest

    async def ask(self, client: httpx.AsyncClient, errand: Errand, clock: Clock) -> Said:
        """Make one attempt at one search."""
        request = first_request(errand.asked, errand.step, self._server, self._address)
        read = _Read(request)
        try:
            async with asyncio.timeout(self._within):
                said = await self._pages(client, errand, clock, read)
        except TimeoutError:
            said = Said("try-later", "timed-out")
        return replace(said, made=read.made or said.made)

    async def _pages(
        self, client: httpx.AsyncClient, errand: Errand, clock: Clock, read: _Read
    ) -> Said:
        while read.request is not None and len(read.pages) < self._server.pages:
            if read.pages:
                await self._rest(1 / self._server.per_second)
            said = await self._page(client, errand, clock, read)
            read.made = read.made or said.made
            if said.reason == "answer-too-large" and read.pages:
                # The last page that fitted names the next: so it is seen that there is more.
                break
            if said.outcome != "answered":
                # Addresses of further pages are forgotten by servers: then it begins again.
                lost = bool(read.pages) and said.outcome != "try-later"
                return Said("try-later", "page-not-given", said.status) if lost else said
            page = page_of(said.content)
            if page is None:
                return Said("try-later", "answer-unreadable", said.status)
            read.pages.append(said.content)
            read.request = next_request(page, errand.asked.nhs_number, self._address)
        return Said(
            "answered", "answered", 200, content_type=MEDIA_TYPE, content=joined(read.pages)
        )

    async def _page(
        self, client: httpx.AsyncClient, errand: Errand, clock: Clock, read: _Read
    ) -> Said:
        said = await self._request(client, errand, clock, read)
        if said.reason != _DENIED:
            return said
        # A token may just have run out. Refused with a new one, it is not permitted.
        self._access.refused()
        again = await self._request(client, errand, clock, read)
        return replace(again, outcome="refused") if again.reason == _DENIED else again

    async def _request(
        self, client: httpx.AsyncClient, errand: Errand, clock: Clock, read: _Read
    ) -> Said:
        shown = await self._access.headers(client, clock)
        if isinstance(shown, Said):
            return shown
        request = read.request or Request(self._address)
        headers = {
            "accept": MEDIA_TYPE,
            # Else a server may leave out what it does not know, the patient too, and search.
            "prefer": "handling=strict",
            "x-request-id": _request_id(errand, len(read.pages)),
            **shown,
        }
        method = "POST" if request.form else "GET"
        made = client.build_request(
            method, request.address, data=request.fields or None, headers=headers
        )
        return await fetch(client, made, clock, most=self._server.max_bytes - read.size)


def _request_id(errand: Errand, page: int) -> str:
    own = derive_id("request", errand.asked.id, errand.step, str(errand.number), str(page))
    return str(UUID(own.rpartition("-")[2]))
