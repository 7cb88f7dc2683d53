"""A file taken into the line in memory: cut, and each part sent as intake writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from kinbridge.intake.entries import Arrival
from kinbridge_casesystem.cutting import record_key
from kinbridge_casesystem.formats import FORMATS
from kinbridge_casesystem.records import Part
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.identifiers import Pseudonymiser
from tests.adapters.casesystem.loads import parts
from tests.journey.world import MemoryWorld

SOURCE: Final = "209.returns"
_PSEUDONYMS: Final = Pseudonymiser(b"a secret of the loads, and long enough")


def take(
    world: MemoryWorld, route: str, files: Mapping[str, bytes], since: date | None = None
) -> int:
    """Send every part of a file. Gives how many children there are."""
    found = parts(route, files, since)
    for part in found:
        send(world, route, part, FORMATS[route].content_type)
    return len(found)


def send(world: MemoryWorld, route: str, part: Part, content_type: str) -> None:
    """Send what a source says of one child, as intake writes it, and let the line run dry."""
    key = record_key(_PSEUDONYMS, route, SOURCE, part)
    arrival = Arrival(_PSEUDONYMS, world.now())
    entry = arrival.entry("received.cases", route, SOURCE, key, part.content, content_type)
    headers = tuple(to_headers(entry.envelope))
    world.line.send_bytes(entry.topic, entry.key.encode(), entry.value, headers)
    world.line.run()
