"""What intake received, unread: the bytes themselves."""

from __future__ import annotations

from typing import ClassVar

from kinbridge_schemas.base import Contract


class Received(Contract):
    """The bytes of one record of one source, as they came. `id` is derived from them.

    On the topic the value is `content` itself and the rest is in the headers, so that the
    evidence is what the source sent and not what we made of it.
    """

    contract: ClassVar[str] = "Received/v1"

    content: bytes
    content_type: str
    source: str
    route: str
    """Which adapter reads it: `fhir-message`, `dfe-csc`, `case-webhook`, ..."""

    def __repr__(self) -> str:
        return f"Received(id={self.id!r}, route={self.route!r}, {len(self.content)} bytes)"

    __str__ = __repr__
