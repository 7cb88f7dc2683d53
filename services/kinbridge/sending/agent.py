"""The outside of sending: it makes the requests of one attempt, and writes what came of it.

Whatever a destination does is an outcome. Nothing of its answer is kept but the status and,
where it is of a closed list, its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import httpx

from kinbridge.sending.destination import MOST_READ, Answer, Destination, Post, Said
from kinbridge.sending.stage import ATTEMPTS
from kinbridge.sending.state import Errand
from kinbridge.stage import Output, Task
from kinbridge_schemas.alerts import Attempt
from kinbridge_schemas.base import derive_id

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
WITHIN: Final = 30.0
"""Seconds for the whole of an attempt, however slowly a destination drips."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Courier:
    """Performs errands of sending. One client for all destinations; redirects are not followed.

    Raises ValueError at once for a destination that cannot be sent to safely: an address that
    is not https (or http on this machine), a secret that is none. Neither is shown.
    """

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        *,
        timeout: httpx.Timeout = TIMEOUT,
        within: float = WITHIN,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        for name, destination in destinations.items():
            destination.check(name)
        self._destinations: Final = destinations
        self._timeout: Final = timeout
        self._within: Final = within
        self._clock: Final = clock
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, key: str, task: Task, /) -> Output:
        """Make one attempt. Never raises for what the destination does."""
        errand = task.body
        if not isinstance(errand, Errand):
            raise TypeError("Sending performs errands only.")
        destination = self._destinations.get(key)
        if destination is None:
            answer = Answer("try-later", "no-destination")
        else:
            answer = await self._attempt(destination, errand)
        attempt = Attempt(
            id=derive_id("attempt", errand.dispatch.id, str(errand.number)),
            subscription=key,
            dispatch=errand.dispatch.id,
            number=errand.number,
            outcome=answer.outcome,
            reason=answer.reason,
            status=answer.status,
            after_seconds=answer.after_seconds,
            attempted=self._clock(),
        )
        return Output(ATTEMPTS, key, attempt)

    async def _attempt(self, destination: Destination, errand: Errand) -> Answer:
        answer = Answer("refused", "nothing-to-send")
        posts = destination.posts(errand, self._clock())
        try:
            async with asyncio.timeout(self._within):
                for post in posts:
                    answer = destination.judged(await self._said(post), self._clock())
                    # What comes after would not be understood without what came before.
                    if answer.outcome != "delivered":
                        break
        except (httpx.TimeoutException, TimeoutError):
            return Answer("try-later", "timed-out")
        except httpx.TransportError:
            return Answer("try-later", "not-reached")
        return answer

    async def _said(self, post: Post) -> Said:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, follow_redirects=False)
        async with self._client.stream(
            "POST", post.url, content=post.content, headers=post.headers
        ) as said:
            first = await _first_of(said)
            return Said(said.status_code, said.headers.get("retry-after", ""), first)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


async def _first_of(said: httpx.Response) -> bytes:
    # The connection can be used again when the answer is short; a long one is not our business.
    read = b""
    async for chunk in said.aiter_raw():
        read += chunk
        if len(read) > MOST_READ:
            break
    return read[:MOST_READ]
