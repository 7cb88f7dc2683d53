"""Who asks: an access token that a signed JWT is exchanged for, kept until it nears its end.

Source: NHS England, application-restricted APIs with signed JWT authentication; RFC 7523. The
JWT is signed with RS512, names the key by `kid`, is used once and lasts five minutes at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import httpx
import jwt
from pydantic import BaseModel, Field, SecretStr, ValidationError

from kinbridge.retrieval.http import Clock, Said, checked, fetch

_LASTS: Final = timedelta(minutes=4)
_RENEW_BEFORE: Final = timedelta(seconds=30)
_LARGEST: Final = 100_000
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class KeyUnusableError(Exception):
    """A private key is none, or none that can sign. The text names the system, no content."""


class Access(Protocol):
    """What is shown to a server. `headers` gives them, or why there are none now."""

    async def headers(self, client: httpx.AsyncClient, clock: Clock) -> dict[str, str] | Said: ...

    def refused(self) -> None:
        """Take note that the server no longer takes what it was shown."""


class OpenAccess:
    """Nothing is shown."""

    async def headers(self, _client: httpx.AsyncClient, _clock: Clock) -> dict[str, str]:
        return {}

    def refused(self) -> None:
        """There is nothing to renew."""


class BearerAccess:
    """A token that does not change."""

    def __init__(self, token: SecretStr) -> None:
        self._token: Final = token

    async def headers(self, _client: httpx.AsyncClient, _clock: Clock) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token.get_secret_value()}"}

    def refused(self) -> None:
        """Only a person can give another."""


@dataclass(frozen=True, slots=True)
class Application:
    """The application as it is registered. `name` is the system's, for what is said of faults."""

    name: str
    token_address: SecretStr
    client_id: SecretStr
    key_id: SecretStr
    private_key: SecretStr


class _Token(BaseModel):
    """A token answer. `expires_in` is text in NHS England's answers, and a number elsewhere."""

    access_token: str = Field(min_length=1, max_length=10_000)
    expires_in: int = Field(ge=0, le=86_400)


class JwtAccess:
    """A token got with a signed JWT. `draw` gives a new unique text each time it is called.

    Raises AddressError and KeyUnusableError at once for what can never work.
    """

    def __init__(self, application: Application, draw: Callable[[], str]) -> None:
        self._application: Final = application
        self._draw: Final = draw
        self._address: Final = checked(application.token_address, f"{application.name}'s tokens")
        self._token: str = ""
        self._until: datetime | None = None
        self._assertion(datetime.fromtimestamp(0, UTC))

    async def headers(self, client: httpx.AsyncClient, clock: Clock) -> dict[str, str] | Said:
        if self._until is None or clock() >= self._until:
            problem = await self._renew(client, clock)
            if problem is not None:
                return problem
        return {"authorization": f"Bearer {self._token}"}

    def refused(self) -> None:
        self._until = None

    async def _renew(self, client: httpx.AsyncClient, clock: Clock) -> Said | None:
        now = clock()
        request = client.build_request(
            "POST",
            self._address,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(now),
            },
        )
        said = await fetch(client, request, clock, most=_LARGEST)
        if said.outcome != "answered":
            # A refusal too may be put right at the other end: the question waits for it.
            reason = f"token-{said.reason}"
            return Said("try-later", reason, said.status, after_seconds=said.after_seconds)
        try:
            token = _Token.model_validate_json(said.content)
        except ValidationError:
            return Said("try-later", "token-unreadable", status=said.status)
        self._token = token.access_token
        self._until = now + timedelta(seconds=token.expires_in) - _RENEW_BEFORE
        return None

    def _assertion(self, now: datetime) -> str:
        application = self._application
        client_id = application.client_id.get_secret_value()
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": application.token_address.get_secret_value(),
            "jti": self._draw(),
            "exp": int((now + _LASTS).timestamp()),
        }
        try:
            return jwt.encode(
                claims,
                application.private_key.get_secret_value(),
                algorithm="RS512",
                headers={"kid": application.key_id.get_secret_value()},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise KeyUnusableError(
                f"The private key of {application.name} is no RSA key."
            ) from None
