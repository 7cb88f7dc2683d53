"""The door with two subscriptions, and what a server sends to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from pydantic import SecretStr

from kinbridge.intake.app import create_app
from kinbridge.intake.subscriptions.hooks import make_hooks
from kinbridge.sources.subscriptions import FhirVersion, Payload
from tests.adapters.fhir.messages import patient
from tests.services.intake.door import KEYS, NOW, PSEUDONYMS, InMemory
from tests.services.intake.subscriptions.notified import Account, Event, notification
from tests.services.intake.subscriptions.world import MOTHER, SECRET, TOPIC, a_subscription, missed

PATH: Final = "/nhs/subscriptions/appointments"
OTHER: Final = "another-made-up-secret-of-the-tests"
FHIR: Final = "application/fhir+json"
SHOWN: Final = {"authorization": f"Bearer {SECRET}", "content-type": FHIR}


@asynccontextmanager
async def a_door(
    durable: InMemory | None = None, *, address: str = "127.0.0.1", **changes: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, InMemory]]:
    """Give a client of the app with two subscriptions, and what it wrote."""
    kept = durable or InMemory()
    hooks = make_hooks(
        [
            (a_subscription(**changes), SecretStr(SECRET)),
            (a_subscription(name="visits"), SecretStr(OTHER)),
        ]
    )
    app = create_app(
        keys=KEYS, durable=kept, pseudonymiser=PSEUDONYMS, clock=lambda: NOW, hooks=hooks
    )
    transport = httpx.ASGITransport(app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client, kept


def body(
    version: FhirVersion = "4.0",
    kind: str = "event-notification",
    payload: Payload = "id-only",
    own: str = "a1",
) -> bytes:
    """Give a notification as a server sends it."""
    events = [Event(1, f"Appointment/{own}", NOW)] if kind.startswith("event") else []
    account = Account(version, "https://fhir.example.org", "s1", TOPIC, "active", len(events), NOW)
    carried = [missed(own, version), patient("mother", MOTHER, "1998-05-04")]
    sent = notification(account, kind, events, payload=payload, carried=carried)
    return json.dumps(sent).encode()
