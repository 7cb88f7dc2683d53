"""The outside of subscriptions: one FHIR server, by httpx, and the log that doors write to.

Nothing is asked but this server: an address of another origin is refused, redirects are not
followed, and an answer is read no further than its limit. No text of an answer goes on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, ParamSpec, TypeVar

import httpx
from pydantic import SecretStr

from kinbridge import retry_after
from kinbridge.intake.agent import wall_clock
from kinbridge.intake.stage import NHS
from kinbridge.intake.subscriptions.letters import Letter, letter_of
from kinbridge.runtime.following import MOST_READ, Follower
from kinbridge.runtime.reader import BrokerAwayError
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_fhir.subscribing import JSON_TYPE

__all__ = ["AwayError", "BrokerAwayError", "FhirServer", "KafkaLog", "Reply"]

P = ParamSpec("P")
R = TypeVar("R")

GROUP: Final = "kinbridge-intake-subscriptions"
_TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
_WITHIN: Final = 60.0
"""Seconds for the whole of one answer, however slowly it drips."""
_LONGEST_WISH: Final = 3_600
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LATER: Final = frozenset({401, 403, 408, 423, 425, 429})
"""Statuses below 500 that may be otherwise the next time: a token may be made good."""
_WELL_FORMED: Final = re.compile(r"[!-~]{32,300}")


class AwayError(Exception):
    """The server did not answer, or asked for a later time. `reason` is a code."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason: Final = reason
        self.after: Final = after


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that says yes or no for good."""

    status: int
    content: bytes
    content_type: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of success


class FhirServer:
    """One server. Raises SourcesError at once for an address or secret that cannot be used."""

    def __init__(
        self,
        config: FhirSubscription,
        address: SecretStr,
        token: SecretStr | None,
        *,
        within: float = _WITHIN,
    ) -> None:
        self.base: Final = address.get_secret_value().rstrip("/")
        _check_address(config.address_setting, self.base)
        self._limit: Final = config.max_bytes
        self._within: Final = within
        # What is compressed can be a thousand times what it seems: none is asked for or read.
        headers = {"accept": JSON_TYPE, "accept-encoding": "identity", "user-agent": "kinbridge"}
        if token is not None:
            headers["authorization"] = f"Bearer {token.get_secret_value()}"
        self._client: Final = httpx.AsyncClient(
            timeout=_TIMEOUT, follow_redirects=False, headers=headers
        )

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Reply:
        """Read below the base address. Raises AwayError."""
        return await self._ask("GET", httpx.URL(f"{self.base}/{path}", params=list(query)))

    async def page(self, address: str) -> Reply:
        """Read a page whose address the server gave. Raises AwayError for another origin."""
        try:
            url = httpx.URL(self.base + "/").join(address)
        except httpx.InvalidURL:
            raise AwayError("page-invalid") from None
        own = httpx.URL(self.base)
        if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port):
            raise AwayError("page-elsewhere")
        return await self._ask("GET", url)

    async def search(self, kind: str, form: Mapping[str, str]) -> Reply:
        """Search without the parameters in the address. Raises AwayError."""
        return await self._ask("POST", httpx.URL(f"{self.base}/{kind}/_search"), form=form)

    async def write(self, method: str, path: str, body: bytes) -> Reply:
        """POST or PUT a resource, and have it given back. Raises AwayError."""
        return await self._ask(method, httpx.URL(f"{self.base}/{path}"), body=body)

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(
        self,
        method: str,
        url: httpx.URL,
        *,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        headers = {"content-type": JSON_TYPE, "prefer": "return=representation"} if body else None
        request = self._client.build_request(
            method, url, content=body, data=dict(form) if form else None, headers=headers
        )
        try:
            async with asyncio.timeout(self._within):
                said = await self._client.send(request, stream=True)
                try:
                    return await self._read(said)
                finally:
                    await said.aclose()
        except (httpx.TimeoutException, TimeoutError):
            raise AwayError("timed-out") from None
        except httpx.TransportError:
            raise AwayError("not-reached") from None

    async def _read(self, said: httpx.Response) -> Reply:
        if said.headers.get("content-encoding", "identity").lower() != "identity":
            raise AwayError("answer-encoded")
        held = bytearray()
        async for piece in said.aiter_raw():
            held += piece
            if len(held) > self._limit:
                raise AwayError("answer-too-large")
        status = said.status_code
        if status in _LATER or (status >= 500 and status != 501):  # noqa: PLR2004 - not implemented is for good
            wish = said.headers.get("retry-after", "")
            after = retry_after.seconds(wish, wall_clock(), _LONGEST_WISH)
            raise AwayError(f"status-{status}", timedelta(seconds=after or 0))
        kind = said.headers.get("content-type", JSON_TYPE)
        return Reply(status, bytes(held), kind)


def _check_address(setting: str, address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise SourcesError(f"{setting} is no address.") from None
    plain = url.scheme == "http" and url.host in _THIS_MACHINE
    if not (plain or (url.scheme == "https" and url.host)) or url.query or url.userinfo:
        raise SourcesError(f"{setting} must be an https address without a query.")


def check_secret(setting: str, secret: SecretStr) -> SecretStr:
    """Give the secret back if it is long and plain enough. Raises SourcesError."""
    if not _WELL_FORMED.fullmatch(secret.get_secret_value()):
        raise SourcesError(f"{setting} needs 32 to 300 plain characters without spaces.")
    return secret


class KafkaLog:
    """The notifications that doors made durable, from where the group read last.

    Raises BrokerAwayError when it is made and Kafka does not answer.
    """

    def __init__(self, kafka: Mapping[str, str]) -> None:
        # The client waits where it stands: it does so in a thread of its own.
        self._thread: Final = ThreadPoolExecutor(1, "subscriptions-log")
        self._follower: Final = Follower(kafka, NHS, GROUP)

    @property
    def remembered(self) -> str:
        return self._follower.remembered

    async def read(self, within: float) -> tuple[list[Letter], bool]:
        """Wait for records, no longer than this, in seconds. The second says: there is more."""
        found = await self._off(self._follower.read, within)
        letters = (letter_of(each.headers, each.value) for each in found)
        return [letter for letter in letters if letter is not None], len(found) == MOST_READ

    def position(self) -> Mapping[int, int]:
        return self._follower.position

    async def keep(self, position: Mapping[int, int], remembered: str) -> None:
        """Keep where to read on from, and the text. Raises BrokerAwayError."""
        await self._off(self._follower.keep, position, remembered)

    async def close(self) -> None:
        await self._off(self._follower.close)
        self._thread.shutdown()

    async def _off(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(call, *args, **kwargs))
