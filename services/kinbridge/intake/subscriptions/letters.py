"""What of the log concerns subscriptions: notifications as doors wrote them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.stage import NHS
from kinbridge_fhir.notices import read_notice
from kinbridge_schemas.envelope import from_headers
from kinbridge_schemas.problems import UnreadableError

ROUTE: Final = "fhir-notification"
_QUIET: Final = frozenset({"handshake", "heartbeat", "query-status"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the route: whose feed, when it was recorded, and the bytes."""

    feed: str
    recorded: datetime
    content: bytes = field(repr=False)
    content_type: str


def notification(arrival: Arrival, feed: str, content: bytes, content_type: str) -> Entry:
    """Give the record of a notification. Raises UnreadableError where the bytes are none.

    Each content is a record of its own, so that no two are taken for versions of one. Those
    that say nothing but that the server is there share one record for each kind.
    """
    kind = read_notice(content, content_type).kind
    name = kind if kind in _QUIET else arrival.pseudonymiser.fingerprint(content)
    key = arrival.pseudonymiser.of_source_record(feed, f"notification|{name}")
    return arrival.entry(NHS, ROUTE, feed, key, content, content_type)


def asked(arrival: Arrival, source: str, content: bytes, content_type: str) -> Entry:
    """Give the record of what a server answered. Its feed is the server's own name."""
    name = arrival.pseudonymiser.fingerprint(content)
    key = arrival.pseudonymiser.of_source_record(source, f"asked|{name}")
    return arrival.entry(NHS, ROUTE, source, key, content, content_type)


def letter_of(headers: Mapping[str, bytes], value: bytes) -> Letter | None:
    """Read a record of the log. None for any other route."""
    try:
        envelope = from_headers(headers)
    except UnreadableError:
        return None  # mapping gives it its end
    route, _, feed = envelope.source.partition(":")
    if route != ROUTE:
        return None
    return Letter(feed, envelope.recorded, value, envelope.content_type)
