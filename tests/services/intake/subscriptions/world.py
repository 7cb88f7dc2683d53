"""A trust's server, our door and the client between them, over real HTTP, by a clock of ours."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from kinbridge.intake.app import create_app
from kinbridge.intake.keys import Keys
from kinbridge.intake.subscriptions.asking import Asking
from kinbridge.intake.subscriptions.client import Client, Watched, watched
from kinbridge.intake.subscriptions.hooks import make_hooks
from kinbridge.intake.subscriptions.letters import Letter, letter_of
from kinbridge.intake.subscriptions.meters import Meters
from kinbridge.intake.subscriptions.serving import asking_of, keeping, secret_of
from kinbridge.mapping.routes import ROUTES
from kinbridge.sources.care import BearerAuth
from kinbridge.sources.subscriptions import FhirSubscription, FhirVersion
from kinbridge_schemas.envelope import from_headers
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.received import Received
from tests.adapters.fhir.messages import appointment, patient
from tests.services.intake.door import PSEUDONYMS, InMemory
from tests.services.intake.subscriptions.provider import TOKEN, Provider, app_of

START: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
MOTHER: Final = "9000000009"
SECRET: Final = "a-made-up-secret-of-one-subscription"  # noqa: S105 - of tests only
TOPIC: Final = "https://example.org/topics/appointments"
UNDER: Final = "/fhir"
NOBODY: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing is encrypted on loopback: no authorities are read."""


def a_subscription(**changes: Any) -> FhirSubscription:
    """Give the settings of a subscription, as the file of sources holds them."""
    said = {
        "name": "appointments",
        "source": "example-trust",
        "address_setting": "KINBRIDGE_TRUST_ADDRESS",
        "endpoint_setting": "KINBRIDGE_DOOR_ADDRESS",
        "secret_setting": "KINBRIDGE_TRUST_SECRET",
        "auth": BearerAuth(token_setting="KINBRIDGE_TRUST_TOKEN"),  # noqa: S106 - a name
        "topic": TOPIC,
        **changes,
    }
    return FhirSubscription.model_validate(said)


@dataclass(slots=True)
class Clock:
    """The time, which goes on when a test says so."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class InMemoryLog:
    """What the door wrote, read like Kafka's: one partition, and what was kept of it."""

    durable: InMemory
    remembered: str = ""
    kept: int = 0
    _next: int = 0

    async def read(self, within: float) -> tuple[list[Letter], bool]:
        del within
        new = self.durable.records[self._next :]
        self._next += len(new)
        headers = ({n: t.encode() for n, t in each.headers.items()} for each in new)
        found = map(letter_of, headers, (each.value for each in new))
        return [letter for letter in found if letter is not None], False

    def position(self) -> Mapping[int, int]:
        return {0: self._next}

    async def keep(self, position: Mapping[int, int], remembered: str) -> None:
        self.kept, self.remembered = position[0], remembered

    def begin_again(self) -> None:
        """Read on from what was kept, as a process that was killed does."""
        self._next = self.kept


@dataclass(slots=True)
class World:
    """All of it. `restart` is what a crash of the client is."""

    provider: Provider
    config: FhirSubscription
    clock: Clock
    durable: InMemory
    log: InMemoryLog
    settings: dict[str, str]
    meters: Meters = field(default_factory=Meters)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self._client()

    def _client(self) -> Client:
        found = watched([self.asking()], self.log.remembered, self.clock())
        return Client(self.log, self.clock, self.meters, found, patience=30)

    def asking(self, **changes: str) -> Asking:
        """Give the questions as the process makes them; `changes` are other settings."""
        settings = {**self.settings, **changes}
        keep = keeping(self.config, self.durable, PSEUDONYMS, self.clock)
        return asking_of(self.config, lambda name: SecretStr(settings[name]), keep)

    @property
    def own(self) -> Watched:
        return self.client.watched[self.config.name]

    async def turn(self, **later: float) -> None:
        """Let time go on, and let the client do all that is due."""
        self.clock.on(**later)
        await self.client.turn()

    async def subscribe(self) -> None:
        """Come to an active subscription with everything asked for once."""
        await self.turn()
        await self.provider.shake_hands()
        await self.turn(seconds=6)

        assert self.own.watch.status == "active"
        assert self.own.watch.settled

    async def restart(self, **config: Any) -> None:
        """Begin anew with nothing but what was kept; `config` is what was changed in the file."""
        await self.close()
        self.config = self.config.model_copy(update=config)
        self.log.begin_again()
        self.client = self._client()

    async def close(self) -> None:
        await self.client.end()
        for each in self.client.watched.values():
            await each.asking.server.close()

    def asked(self, part: str) -> list[str]:
        """Give the requests to the server that a text is in."""
        return [each for each in self.provider.asked if part in each]

    def said(self, code: str) -> float:
        """Give how often an operations event was told."""
        name, labels = "kinbridge_subscription_operations_events_total", {"code": code}
        found = self.meters.registry.get_sample_value(name, {**labels, "source": self.config.name})
        return found or 0.0

    def gauge(self, name: str) -> float | None:
        return self.meters.registry.get_sample_value(name, {"source": self.config.name})

    def mapped(self) -> list[Mapped]:
        """Map every record that was written, in its order."""
        return [_mapped(each.value, each.headers) for each in self.durable.records]

    def events(self) -> set[str]:
        """Give the ids of all events: what comes twice is there once."""
        return {event.id for mapped in self.mapped() for event in mapped.events}

    def told(self) -> list[str]:
        """Give the acts of all events, each once."""
        return sorted(
            {event.id: event.act for mapped in self.mapped() for event in mapped.events}.values()
        )


def _mapped(content: bytes, headers: Mapping[str, str]) -> Mapped:
    envelope = from_headers({name: text.encode() for name, text in headers.items()})
    route, _, source = envelope.source.partition(":")
    received = Received(
        id=envelope.id,
        content=content,
        content_type=envelope.content_type,
        source=source,
        route=route,
    )
    return ROUTES[route](received, Given(PSEUDONYMS, envelope.recorded, Remembered()))


@asynccontextmanager
async def a_world(*, at: datetime = START, **changes: Any) -> AsyncIterator[World]:
    """Start it all, with the mother known to the server, and end it in order."""
    config, clock, durable = a_subscription(**changes), Clock(at), InMemory()
    client = httpx.AsyncClient(verify=NOBODY)
    provider = Provider(config.version, clock, client)
    provider.put(patient("mother", MOTHER, "1998-05-04"))
    settings = {
        "KINBRIDGE_TRUST_SECRET": SECRET,
        "KINBRIDGE_TRUST_TOKEN": TOKEN,
    }
    hooks = make_hooks([(config, secret_of(config, lambda name: SecretStr(settings[name])))])
    door = create_app(
        keys=Keys(keys=()), durable=durable, pseudonymiser=PSEUDONYMS, clock=clock, hooks=hooks
    )
    async with serving(app_of(provider, UNDER), door) as address:
        provider.base = f"{address}{UNDER}"
        settings["KINBRIDGE_TRUST_ADDRESS"] = provider.base
        settings["KINBRIDGE_DOOR_ADDRESS"] = address
        world = World(provider, config, clock, durable, InMemoryLog(durable), settings)
        try:
            yield world
        finally:
            provider.go.set()
            await world.close()
            await client.aclose()


@asynccontextmanager
async def serving(server: FastAPI, door: FastAPI) -> AsyncIterator[str]:
    """Serve both on one free port of loopback. Gives the address."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        app = server if scope["path"].startswith(UNDER) else door
        await app(scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(either, access_log=False, log_config=None, lifespan="off")
    running = uvicorn.Server(settings)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        await task


def missed(own: str, version: FhirVersion = "4.0", **changes: Any) -> dict[str, Any]:
    """Give an antenatal appointment that the mother did not come to."""
    found = appointment(own, "mother", status="noshow", **changes)
    if version == "5.0":
        found["serviceType"] = [{"concept": each} for each in found["serviceType"]]
    return found


async def three_missed(world: World) -> None:
    """Let three appointments be missed, two told in one notification."""
    version = world.config.version
    await world.provider.happen(missed("a1", version))
    two = [world.provider.put(missed(own, version)) for own in ("a2", "a3")]
    await world.provider.send(world.provider.event(*two))
    await world.turn(seconds=1)
