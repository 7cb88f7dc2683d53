"""Calling an adapter as mapping does, with everything given."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from kinbridge.mapping.routes import ROUTES
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.received import Received

PSEUDONYMS: Final = Pseudonymiser(b"a secret of tests, and of tests only")
NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)

SOURCES: Final = {
    "fhir-message": "example-trust",
    "fhir-notification": "example-trust.appointments",
    "fhir-search": "example-hospital",
    "mns-signal": "mns",
    "pds-patient": "pds",
    "pds-related-persons": "pds",
    "case-webhook": "209.example",
    "eclipse": "209.example",
    "dfe-csc": "209.example",
    "cin-census": "209.example",
    "ssda903": "209.example",
    "annex-a": "209.example",
    "case-extract": "209.example",
    "meeting": "209.example",
    "hl7v2": "example-trust",
}


def map_one(
    route: str,
    content: bytes | dict[str, Any],
    content_type: str = "application/json",
    *,
    remembered: Remembered | None = None,
    now: datetime = NOW,
) -> Mapped:
    """Map one record by the adapter of a route. A dictionary is sent as JSON."""
    received = Received(
        id="received-0123456789abcdef",
        content=content if isinstance(content, bytes) else json.dumps(content).encode(),
        content_type=content_type,
        source=SOURCES[route],
        route=route,
    )
    return ROUTES[route](received, Given(PSEUDONYMS, now, remembered or Remembered()))
