"""What intake may read of what came: that it is a message, and its id. Nothing else."""

from __future__ import annotations

from typing import Final

from kinbridge_fhir.message import Message
from kinbridge_fhir.nodes import read, text
from kinbridge_schemas.problems import UnreadableError

_MEDIA_TYPES: Final = {
    "application/fhir+json": "application/fhir+json",
    "application/json+fhir": "application/fhir+json",
    "application/json": "application/fhir+json",
    "application/fhir+xml": "application/fhir+xml",
    "application/xml+fhir": "application/fhir+xml",
    "application/xml": "application/fhir+xml",
    "text/xml": "application/fhir+xml",
}
MESSAGES: Final = frozenset({"3.0", "4.0"})
"""The versions in which messages come: STU3 and R4."""
NOTIFICATIONS: Final = frozenset({"4.0", "4.3", "5.0"})
"""The versions in which notifications come: R4, R4B and R5."""


def media_type(header: str, versions: frozenset[str] = MESSAGES) -> str | None:
    """Give the media type as it is kept, with `fhirVersion` where said. None: not accepted.

    UTF-8 is the only character set that FHIR allows.
    """
    essence, *parameters = (part.strip() for part in header.lower().split(";"))
    kept = _MEDIA_TYPES.get(essence)
    if kept is None:
        return None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        value = value.strip('" ')
        if name == "charset" and value not in ("utf-8", "utf8"):
            return None
        if name == "fhirversion":
            if value not in versions:
                return None
            kept = f"{kept}; fhirVersion={value}"
    return kept


def message_id(content: bytes, content_type: str) -> str:
    """Give the id by which a repeat of a message is known.

    Raises UnreadableError where the bytes are no message: broken, no Bundle of type message,
    no header, no id. The id may hold an identifier: it is for the pseudonymiser only.
    """
    return Message(read(content, content_type)).message_id


def signal_id(content: bytes, content_type: str) -> str:
    """Give the id by which a repeat of an MNS signal is known: a Bundle's, or a CloudEvent's.

    Raises UnreadableError where the bytes are broken or have no id. For the pseudonymiser only.
    """
    found = text(read(content, content_type), "id")
    if found is None:
        raise UnreadableError("signal-id-missing", "id")
    return found


__all__ = [
    "MESSAGES",
    "NOTIFICATIONS",
    "UnreadableError",
    "media_type",
    "message_id",
    "signal_id",
]
