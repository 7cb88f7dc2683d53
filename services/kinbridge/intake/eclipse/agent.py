"""The outside of Eclipse: asking it whether a signature is its own.

Only Eclipse can tell. Nothing else is asked of it, and of its answer only yes or no is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from kinbridge.intake.agent import Clock
from kinbridge.intake.eclipse.decide import Delivery
from kinbridge.sources.eclipse import ClientAuth, EclipseSystem
from kinbridge.sources.loader import SourcesError

M = TypeVar("M", bound=BaseModel)
Setting = Callable[[str], SecretStr]
"""Gives what a setting holds, by its name."""

_TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
_WITHIN: Final = 10.0
"""Seconds for all that is asked because of one delivery: Eclipse waits for our answer."""
_MOST_BYTES: Final = 100_000
_RENEW_BEFORE: Final = timedelta(seconds=60)
_OK: Final = 200
_NO_LONGER: Final = 401
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MUTATION: Final = """\
mutation ($input: VerifyNotificationSignature!) {
  verifyNotificationSignature(input: $input) { deliveryId verified }
}"""


class NotAskedError(Exception):
    """Eclipse gave no answer that can be read. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason


class Signatures(Protocol):
    """Tells whether a delivery is Eclipse's own. Raises NotAskedError where it cannot be told."""

    async def are_genuine(self, delivery: Delivery, body: str) -> bool: ...


class _Token(BaseModel):
    access_token: str = Field(min_length=1, max_length=10_000)
    expires_in: int = Field(default=300, ge=0, le=86_400)


class _Status(BaseModel):
    deliveryId: str  # noqa: N815 - Eclipse's own name
    verified: bool


class _Verified(BaseModel):
    verifyNotificationSignature: _Status  # noqa: N815 - Eclipse's own name


class _Answer(BaseModel):
    data: _Verified


@dataclass(frozen=True, slots=True)
class _Said:
    status: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: datetime | None


class EclipseApi:
    """The GraphQL API of one Eclipse. Raises SourcesError at once for an unusable address."""

    def __init__(self, config: EclipseSystem, setting: Setting, clock: Clock) -> None:
        self._config: Final = config
        self._setting: Final = setting
        self._clock: Final = clock
        self._address: Final = _checked(config.address_setting, setting)
        if isinstance(config.auth, ClientAuth):
            _checked(config.auth.token_address_setting, setting)
        self._client: Final = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False)
        self._one_at_a_time: Final = asyncio.Lock()
        self._kept: _Kept | None = None

    async def are_genuine(self, delivery: Delivery, body: str) -> bool:
        """Ask. A token that is no longer taken is renewed once. Raises NotAskedError."""
        asked = {**delivery.headers, **({"payload": body} if body else {})}
        question = {"query": _MUTATION, "variables": {"input": asked}}
        try:
            async with asyncio.timeout(_WITHIN):
                answer = await self._ask(question)
                if answer.status == _NO_LONGER:
                    self._kept = None
                    answer = await self._ask(question)
        except (httpx.HTTPError, TimeoutError):
            # Its text and its request would show the address.
            raise NotAskedError("eclipse-not-reached") from None
        status = _read(_Answer, answer, "eclipse").data.verifyNotificationSignature
        return status.verified and status.deliveryId == delivery.headers["deliveryId"]

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, question: Mapping[str, object]) -> _Said:
        headers = {"authorization": f"Bearer {await self._token()}"}
        request = self._client.build_request("POST", self._address, json=question, headers=headers)
        return await self._said(request)

    async def _said(self, request: httpx.Request) -> _Said:
        answer = await self._client.send(request, stream=True)
        try:
            held = bytearray()
            async for piece in answer.aiter_bytes():
                held += piece
                if len(held) > _MOST_BYTES:
                    raise NotAskedError("answer-too-large")
        finally:
            await answer.aclose()
        return _Said(answer.status_code, bytes(held))

    async def _token(self) -> str:
        async with self._one_at_a_time:
            kept = self._kept
            if kept is None or (kept.until is not None and self._clock() >= kept.until):
                kept = self._kept = await self._renewed()
        return kept.token

    async def _renewed(self) -> _Kept:
        auth, setting = self._config.auth, self._setting
        if not isinstance(auth, ClientAuth):
            return _Kept(setting(auth.token_setting).get_secret_value(), None)
        form = {
            "grant_type": "client_credentials",
            "client_id": setting(auth.client_setting).get_secret_value(),
            "client_secret": setting(auth.secret_setting).get_secret_value(),
            **({"scope": auth.scope} if auth.scope else {}),
        }
        address, now = _checked(auth.token_address_setting, setting), self._clock()
        request = self._client.build_request("POST", address, data=form)
        found = _read(_Token, await self._said(request), "token")
        lasts = timedelta(seconds=found.expires_in)
        return _Kept(found.access_token, now + lasts - _RENEW_BEFORE)


def _read(kind: type[M], answer: _Said, whose: str) -> M:
    if answer.status != _OK:
        raise NotAskedError(f"{whose}-status-{answer.status}")
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        raise NotAskedError(f"{whose}-unreadable") from None


def _checked(name: str, setting: Setting) -> httpx.URL:
    try:
        url = httpx.URL(setting(name).get_secret_value())
    except httpx.InvalidURL:
        raise SourcesError(f"{name} must be a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _THIS_MACHINE):
        raise SourcesError(f"{name} must be an https address.")
    return url
