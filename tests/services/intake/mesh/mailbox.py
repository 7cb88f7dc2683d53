"""A mailbox in memory, held to the same suite as the real one, and what a poller of it needs."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from kinbridge.intake.agent import Durable
from kinbridge.intake.entries import Arrival
from kinbridge.intake.mesh.box import Box, TryLater
from kinbridge.intake.mesh.decide import Desk, Head, Parcel, Unfetched
from kinbridge.intake.mesh.meters import Meters
from kinbridge.intake.mesh.polling import Poller
from kinbridge.intake.mesh.serving import READERS
from kinbridge.intake.mesh.unpack import Chunk
from kinbridge.sources.mesh import Mailbox
from tests.adapters.fhir.messages import as_xml, birth
from tests.services.intake.door import NOW, PSEUDONYMS

BIRTHS: Final = "BIRTHNOTIFICATION_1"
MAILBOX: Final = Mailbox(
    source="example-trust",
    mailbox="X26ABC2",
    address_setting="KINBRIDGE_MESH_ADDRESS",
    password_setting="KINBRIDGE_MESH_PASSWORD",  # noqa: S106 - the name of a setting
    shared_key_setting="KINBRIDGE_MESH_SHARED_KEY",
    page_size=10,
    workflows={"EXAMPLE_MNS": "mns-signal", "EXAMPLE_CPIS": "cp-is-hl7v3"},
)


def a_mailbox(**changes: Any) -> Mailbox:
    return MAILBOX.model_copy(update=changes)


def a_birth(number: int = 1) -> bytes:
    """A birth notification with an id of its own."""
    message = birth()
    message["id"] = f"birth-{number}"
    message["entry"][0]["resource"]["id"] = f"header-{number}"
    return as_xml(message)


def a_parcel(content: bytes, *, own: str = "M1", workflow: str = BIRTHS, **head: Any) -> Parcel:
    return Parcel(Head(id=own, workflow=workflow, **head), (Chunk(content, gzip=False),))


def arrival(now: datetime = NOW) -> Arrival:
    return Arrival(PSEUDONYMS, now)


@dataclass(slots=True)
class InMemoryBox:
    """Keeps parcels by their ids. `broken` is what a message by itself gives in place of itself.

    `away` is what every call gives while MESH is not there.
    """

    parcels: dict[str, Parcel] = field(default_factory=dict)
    broken: dict[str, TryLater | Unfetched] = field(default_factory=dict)
    away: TryLater | None = None
    fetched: list[str] = field(default_factory=list)
    closed: bool = False

    def put(self, content: bytes, *, own: str, workflow: str = BIRTHS) -> None:
        chunk = Chunk(gzip.compress(content), gzip=True)
        self.parcels[own] = Parcel(Head(id=own, workflow=workflow), (chunk,))

    def greet(self) -> TryLater | None:
        return self.away

    def listed(self) -> tuple[str, ...] | TryLater:
        return self.away or tuple(self.parcels)

    def fetch(self, message: str) -> Parcel | Unfetched | TryLater:
        self.fetched.append(message)
        gone = Unfetched(Head(message), "message-not-found")
        return self.away or self.broken.get(message) or self.parcels.get(message) or gone

    def acknowledge(self, message: str) -> TryLater | None:
        if self.away is None:
            self.parcels.pop(message, None)
        return self.away

    def close(self) -> None:
        self.closed = True


@dataclass(slots=True)
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


def a_poller(
    box: Box, durable: Durable, mailbox: Mailbox = MAILBOX, clock: Clock | None = None
) -> Poller:
    return Poller(
        box=box,
        desk=Desk(mailbox, READERS),
        durable=durable,
        pseudonymiser=PSEUDONYMS,
        clock=clock or Clock(),
        meters=Meters(),
        stopping=asyncio.Event(),
    )
