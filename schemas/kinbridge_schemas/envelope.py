"""The CloudEvents 1.0 envelope, in the Kafka protocol binding's binary mode (`ce_*` headers).

Source: CloudEvents 1.0.2 and its Kafka Protocol Binding, section 3.2; the extensions
`sequence`, `recordedtime` and `dataclassification` after the CloudEvents extension documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from kinbridge_schemas.problems import UnreadableError

CLOCK_TYPE: Final = "kinbridge.clock/v1"
"""The `ce_type` of a clock record: time as data, seen by the engine and no stage."""


class DataClassification(StrEnum):
    """What a record holds, so that who may read a topic can be decided by it."""

    PERSONAL_SENSITIVE = "personal-sensitive"
    PERSONAL = "personal"
    PSEUDONYMOUS = "pseudonymous"
    OPERATIONAL = "operational"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands around a body: ids, times and provenance, never an identifier.

    `recorded` is when intake stamped the bytes, and it travels on with all that follows from
    them: it is the `now` of every decision. `source` is the feed or the stage.
    """

    id: str
    type: str
    source: str
    recorded: datetime
    correlation: str
    causation: str = ""
    classification: DataClassification = DataClassification.PERSONAL_SENSITIVE
    mapping: str = ""
    content_type: str = "application/json"


_WHEN: Final = TypeAdapter(AwareDatetime)
_CLASSIFICATIONS: Final = {each.value.encode(): each for each in DataClassification}
_UNSAID: Final = DataClassification.PERSONAL_SENSITIVE


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """Give the Kafka headers of an envelope, always in the same order."""
    pairs = [
        ("ce_specversion", "1.0"),
        ("ce_id", envelope.id),
        ("ce_type", envelope.type),
        ("ce_source", envelope.source),
        ("ce_time", to_text(envelope.recorded)),
        ("ce_recordedtime", to_text(envelope.recorded)),
        ("ce_correlationid", envelope.correlation),
        ("ce_causationid", envelope.causation),
        ("ce_dataclassification", envelope.classification.value),
        ("ce_mappingversion", envelope.mapping),
        ("content-type", envelope.content_type),
    ]
    return [(name, text.encode()) for name, text in pairs if text]


def from_headers(headers: Mapping[str, bytes]) -> Envelope:
    """Read an envelope. Raises UnreadableError naming the header that is missing or wrong."""
    try:
        recorded = _WHEN.validate_strings(_need(headers, "ce_recordedtime"))
    except ValidationError:
        raise UnreadableError("envelope-header-invalid", "ce_recordedtime") from None
    own = _need(headers, "ce_id")
    return Envelope(
        id=own,
        type=_need(headers, "ce_type"),
        source=_need(headers, "ce_source"),
        recorded=recorded,
        correlation=_may(headers, "ce_correlationid") or own,
        causation=_may(headers, "ce_causationid"),
        classification=_classification(headers),
        mapping=_may(headers, "ce_mappingversion"),
        content_type=_may(headers, "content-type", "application/json"),
    )


def _need(headers: Mapping[str, bytes], name: str) -> str:
    try:
        return headers[name].decode()
    except (KeyError, UnicodeDecodeError):
        raise UnreadableError("envelope-header-missing", name) from None


def _may(headers: Mapping[str, bytes], name: str, default: str = "") -> str:
    found = headers.get(name)
    return default if found is None else found.decode(errors="replace")


def _classification(headers: Mapping[str, bytes]) -> DataClassification:
    name = "ce_dataclassification"
    found = headers.get(name)
    try:
        return _CLASSIFICATIONS[found] if found is not None else _UNSAID
    except KeyError:
        raise UnreadableError("envelope-header-invalid", name) from None


def to_text(when: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`: one text for one instant."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
