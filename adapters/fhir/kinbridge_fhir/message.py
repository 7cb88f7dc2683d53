"""A FHIR message: its header, and what it says of all that it carries. STU3 and R4 alike."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Final

from kinbridge_fhir.codes import EVENTS, Reading
from kinbridge_fhir.collection import MAX_ENTRIES, Coding, Collection, coding, codings
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant

_ONLY: Final = "1"
_EVENT_TYPE: Final = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-MessageEventType-1"


class Message(Collection):
    """A Bundle of type `message`. Raises UnreadableError where it is none."""

    def __init__(self, bundle: Node) -> None:
        if bundle.kind != "Bundle":
            raise UnreadableError("not-a-bundle")
        if text(bundle, "type") != "message":
            raise UnreadableError("not-a-message", "Bundle.type")
        super().__init__(bundle)

    @property
    def bundle(self) -> Node:
        return self.root

    @cached_property
    def header(self) -> Node:
        first = self._entries[0][1] if self._entries else None
        if first is None or first.kind != "MessageHeader":
            raise UnreadableError("message-header-missing", "Bundle.entry[0]")
        return first

    @property
    def sent_by(self) -> Node | None:
        return self.header

    @cached_property
    def message_id(self) -> str:
        """MessageHeader.id, by which a repeat is known; else Bundle.id or its identifier."""
        found = (
            text(self.header, "id")
            or text(self.bundle, "id")
            or text(self.bundle, "identifier", "value")
        )
        if found is None:
            raise UnreadableError("message-id-missing", "MessageHeader.id")
        return found

    @cached_property
    def event(self) -> Coding | None:
        """STU3 calls it `event`, R4 `eventCoding`."""
        return coding(one(self.header, "eventCoding")) or coding(one(self.header, "event"))

    @property
    def reading(self) -> Reading | None:
        """How this message is read; None for an event that nobody listed."""
        return EVENTS.get(self.event.pair) if self.event is not None else None

    @property
    def deletes(self) -> bool:
        """Whether the message says that what it is about never was so."""
        marks = [
            *codings(self.header, "reason"),
            *(
                codings(found, "valueCodeableConcept")
                if (found := extension(self.header, _EVENT_TYPE)) is not None
                else ()
            ),
        ]
        return any(mark.code == "delete" for mark in marks)

    @cached_property
    def focus(self) -> list[Node]:
        found = (self.resolve(reference) for reference in self.header.all("focus"))
        return [resource for resource in found if resource is not None]

    @cached_property
    def updated(self) -> datetime | None:
        """When the sender last changed it: `meta.lastUpdated`, else the message's timestamp."""
        for holder, names in (
            (self.header, ("meta", "lastUpdated")),
            (self.header, ("timestamp",)),
            (self.bundle, ("timestamp",)),
            (self.bundle, ("meta", "lastUpdated")),
        ):
            said = text(holder, *names)
            if said is not None:
                return read_instant(said, f"{holder.kind}.{'.'.join(names)}")
        return None

    @property
    def version(self) -> str:
        """The sender's own version of the message as one text, to tell repeat from conflict.

        An event of NEMS has but one: the id of its header is of that message alone, and the
        thread it belongs to is told by its focus. So whatever else comes under the id, of the
        same event or of another, is a conflict and no later version.
        """
        if self.reading is Reading.NEMS:
            return _ONLY
        said = (
            text(self.header, "meta", "versionId"),
            text(self.header, "meta", "lastUpdated") or text(self.header, "timestamp"),
        )
        return "|".join(part or "" for part in said)


__all__ = ["MAX_ENTRIES", "Coding", "Message", "coding", "codings"]
