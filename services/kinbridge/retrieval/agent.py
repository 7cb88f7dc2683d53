"""The outside of retrieval: one question to one system, and what came of it.

Whatever a system does is an outcome. A fault is told to operations with its code, and never
with an address, a number or a word of an answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import httpx
from pydantic import SecretStr

from kinbridge.retrieval.access import Access, Application, BearerAccess, JwtAccess, OpenAccess
from kinbridge.retrieval.care.server import CareSearches
from kinbridge.retrieval.http import Clock, Said, checked, new_client
from kinbridge.retrieval.pds import PdsServer
from kinbridge.retrieval.stage import OUTCOMES
from kinbridge.retrieval.state import Errand
from kinbridge.runtime.telemetry import get_log
from kinbridge.sources.care import Auth, BearerAuth, JwtAuth, NoAuth
from kinbridge.sources.model import Sources
from kinbridge.stage import Output, Task
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.retrieval import PDS, Retrieved

log: Final = get_log("kinbridge.retrieval")

Setting = Callable[[str], SecretStr]
"""Gives the setting of a name, or refuses the start."""


class Server(Protocol):
    """A system that is asked. It never raises for what the system does."""

    async def ask(self, client: httpx.AsyncClient, errand: Errand, clock: Clock) -> Said: ...


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Asking:
    """Performs errands of retrieval, by destination. One client for all."""

    def __init__(self, servers: Mapping[Code, Server], clock: Clock = wall_clock) -> None:
        self._servers: Final = servers
        self._clock: Final = clock
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, key: str, task: Task, /) -> Output:
        """Make one attempt. Never raises for what a system does."""
        errand = task.body
        if not isinstance(errand, Errand):
            raise TypeError("Retrieval performs errands only.")
        if self._client is None:
            self._client = new_client()
        server = self._servers.get(key)
        if server is None:
            said = Said("refused", "destination-not-configured")
        else:
            said = await server.ask(self._client, errand, self._clock)
        if said.outcome in {"try-later", "refused"}:
            log.warning(
                "retrieval.not-answered",
                destination=key,
                outcome=said.outcome,
                reason=said.reason,
                attempt=errand.number,
            )
        attempted = said.made or self._clock()
        return Output(OUTCOMES, key, _retrieved(key, errand, said, attempted))

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _retrieved(key: str, errand: Errand, said: Said, attempted: datetime) -> Retrieved:
    asked = errand.asked
    fields = {
        "id": derive_id("retrieved", asked.id, errand.step, str(errand.number)),
        "destination": key,
        "retrieval": asked.id,
        "step": errand.step,
        "number": errand.number,
        "outcome": said.outcome,
        "reason": said.reason,
        "status": said.status,
        "version": said.version,
        "after_seconds": said.after_seconds,
        "attempted": attempted,
        "content_type": said.content_type,
    }
    # The contract reads base 64 and would try to undo it: bytes are set as they are.
    return Retrieved.model_validate(fields).model_copy(update={"content": said.content})


def asking(sources: Sources, setting: Setting, clock: Clock = wall_clock) -> Asking:
    """Give the agent for the systems that the file of sources names.

    Raises AddressError, KeyUnusableError, or what `setting` raises for one that is not set.
    """
    servers: dict[Code, Server] = {}
    if (pds := sources.pds) is not None:
        address = checked(setting(pds.address_setting), PDS)
        access = access_for(PDS, pds.auth, setting)
        servers[PDS] = PdsServer(address, access, pds.organisation)
    for care in sources.care:
        address = checked(setting(care.address_setting), care.name)
        servers[care.name] = CareSearches(care, address, access_for(care.name, care.auth, setting))
    return Asking(servers, clock)


def access_for(name: str, auth: Auth, setting: Setting) -> Access:
    """Give what is shown to a system, by what the file of sources says of it."""
    match auth:
        case NoAuth():
            return OpenAccess()
        case BearerAuth():
            return BearerAccess(setting(auth.token_setting))
        case JwtAuth():
            application = Application(
                name=name,
                token_address=setting(auth.token_address_setting),
                client_id=setting(auth.client_setting),
                key_id=setting(auth.key_id_setting),
                private_key=setting(auth.private_key_setting),
            )
            return JwtAccess(application, _draw)


def _draw() -> str:
    return str(uuid.uuid4())
