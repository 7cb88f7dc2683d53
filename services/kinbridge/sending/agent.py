"""The outside of sending: one signed webhook, and what its answer means.

Source: Standard Webhooks 1.0 (headers, signature, thin payloads), RFC 9110 for the statuses.
Whatever a destination does is an outcome. Nothing of its answer is kept but the status.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import httpx
from pydantic import SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from kinbridge.sending.stage import ATTEMPTS
from kinbridge.sending.state import Errand
from kinbridge.stage import Output, Task
from kinbridge_schemas.alerts import Attempt
from kinbridge_schemas.base import derive_id

Outcome = Literal["delivered", "try-later", "refused", "gone"]

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
WITHIN: Final = 30.0
"""Seconds for the whole of an attempt, however slowly a destination drips."""
_LONGEST_WISH: Final = 86_400
"""A destination may ask for a day at most."""
_DIGITS: Final = 9
_MOST_READ: Final = 4_096
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_GONE: Final = 410
_TRY_LATER: Final = frozenset({408, 409, 423, 425, 429})
"""Statuses below 500 that may be otherwise the next time."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a subscription is delivered, and the secret that its webhooks are signed with."""

    url: SecretStr
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt."""

    outcome: Outcome
    reason: str
    status: int = 0
    after_seconds: int | None = None


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Webhooks:
    """Performs errands of sending. One client for all destinations; redirects are not followed.

    Raises ValueError at once for an address that is not https (or http on this machine), and
    for a secret that nothing can be signed with. Neither is shown.
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
            _check(name, destination)
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
        content = payload(errand)
        headers = signed(content, errand, destination.secret, self._clock())
        url = destination.url.get_secret_value()
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, follow_redirects=False)
        try:
            async with (
                asyncio.timeout(self._within),
                self._client.stream("POST", url, content=content, headers=headers) as said,
            ):
                await _read_a_little(said)
                return judged(said.status_code, said.headers.get("retry-after", ""), self._clock())
        except (httpx.TimeoutException, TimeoutError):
            return Answer("try-later", "timed-out")
        except httpx.TransportError:
            return Answer("try-later", "not-reached")

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _check(name: str, destination: Destination) -> None:
    try:
        Webhook(destination.secret.get_secret_value())
    except (ValueError, EmptyWebhookSecretError):
        raise ValueError(f"The secret of {name} is not base64.") from None
    try:
        url = httpx.URL(destination.url.get_secret_value())
    except httpx.InvalidURL:
        raise ValueError(f"The address of {name} is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise ValueError(f"The address of {name} is not https.")


async def _read_a_little(said: httpx.Response) -> None:
    # The connection can be used again when the answer is short; a long one is not our business.
    read = 0
    async for chunk in said.aiter_raw():
        read += len(chunk)
        if read > _MOST_READ:
            return


def payload(errand: Errand) -> bytes:
    """Give the body: what there is to fetch, and nothing about anybody."""
    dispatch = errand.dispatch
    return json.dumps(
        {
            "type": "kinbridge.alert.revised",
            "timestamp": dispatch.said.astimezone(UTC).isoformat(),
            "data": {
                "alert": dispatch.alert,
                "authority": dispatch.authority,
                "team": dispatch.arm,
                "revision": dispatch.revision,
                "reason": dispatch.reason.value,
                "urgency": dispatch.urgency.value,
                "state": dispatch.state,
                "sequence": errand.sequence,
                "previous_sequence": errand.previous,
            },
        },
        separators=(",", ":"),
    ).encode()


def signed(content: bytes, errand: Errand, secret: SecretStr, now: datetime) -> dict[str, str]:
    """Give the headers. The id is the dispatch's in every attempt; the time is the attempt's."""
    whole = now.astimezone(UTC).replace(microsecond=0)
    signature = Webhook(secret.get_secret_value()).sign(
        errand.dispatch.id, whole, content.decode()
    )
    return {
        "content-type": "application/json",
        "user-agent": "kinbridge",
        "webhook-id": errand.dispatch.id,
        "webhook-timestamp": str(int(whole.timestamp())),
        "webhook-signature": signature,
    }


def judged(status: int, retry_after: str, now: datetime) -> Answer:
    """Say what a status means. A redirect is a refusal: an address is changed by a person."""
    after = _seconds(retry_after, now)
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Answer("delivered", "accepted", status)
    if status == _GONE:
        return Answer("gone", "gone", status)
    if status in _TRY_LATER or status >= 500:  # noqa: PLR2004 - the class of server errors
        return Answer("try-later", f"status-{status}", status, after)
    return Answer("refused", f"status-{status}", status)


def _seconds(retry_after: str, now: datetime) -> int | None:
    """Read Retry-After, in seconds or as a date (RFC 9110 section 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:_DIGITS]), _LONGEST_WISH)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0, int((until - now).total_seconds())), _LONGEST_WISH)
