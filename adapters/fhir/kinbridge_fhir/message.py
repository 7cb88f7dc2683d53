"""A FHIR message: its header, its resources, and who refers to whom. STU3 and R4 alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from kinbridge_fhir.codes import EVENTS, Reading
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.systems import normal
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant
from kinbridge_schemas.vocabulary import Version

MAX_ENTRIES: Final = 2_000
_EVENT_TYPE: Final = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-MessageEventType-1"
_MAX_VERSION: Final = 10**15


@dataclass(frozen=True, slots=True)
class Coding:
    """A code with its system in the normal form."""

    system: str
    code: str

    @property
    def pair(self) -> tuple[str, str]:
        return (self.system, self.code)


def coding(node: Node | None) -> Coding | None:
    """Read a Coding. None without a code."""
    code = text(node, "code")
    return Coding(normal(text(node, "system")), code) if code is not None else None


def codings(node: Node, name: str) -> Iterator[Coding]:
    """Give every coding of the CodeableConcepts of that name."""
    return (Coding(normal(system), code) for system, code in node.codings(name))


class Message:
    """A Bundle of type `message`. Raises UnreadableError where it is none."""

    def __init__(self, bundle: Node) -> None:
        if bundle.kind != "Bundle":
            raise UnreadableError("not-a-bundle")
        if text(bundle, "type") != "message":
            raise UnreadableError("not-a-message", "Bundle.type")
        self.bundle = bundle
        self._entries = bundle.entries()
        if len(self._entries) > MAX_ENTRIES:
            raise UnreadableError("too-many-entries", "Bundle.entry")

    @cached_property
    def header(self) -> Node:
        first = self._entries[0][1] if self._entries else None
        if first is None or first.kind != "MessageHeader":
            raise UnreadableError("message-header-missing", "Bundle.entry[0]")
        return first

    @cached_property
    def resources(self) -> list[Node]:
        return [resource for _, resource in self._entries if resource is not None]

    @cached_property
    def _by_kind(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for resource in self.resources:
            found.setdefault(resource.kind, []).append(resource)
        return found

    def of_kind(self, kind: str) -> Sequence[Node]:
        return self._by_kind.get(kind, ())

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

    def version_of(self, resource: Node, otherwise: datetime) -> Version:
        """Which account of a resource this is: its own meta, else the message's time."""
        said = text(resource, "meta", "lastUpdated")
        updated = (
            read_instant(said, f"{resource.kind}.meta.lastUpdated")
            if said is not None
            else self.updated or otherwise
        )
        return Version(number=_number(text(resource, "meta", "versionId")), updated=updated)

    @property
    def version(self) -> str:
        """The sender's own version of the message as one text, to tell repeat from conflict."""
        said = (
            text(self.header, "meta", "versionId"),
            text(self.header, "meta", "lastUpdated") or text(self.header, "timestamp"),
        )
        return "|".join(part or "" for part in said)

    def resolve(self, reference: Node | None) -> Node | None:
        """Give the resource that a Reference points to, inside this message only."""
        target = text(reference, "reference")
        if target is None:
            return None
        return self._by_url.get(target) or self._by_id.get(_tail(target))

    @cached_property
    def _by_url(self) -> dict[str, Node]:
        return {url: resource for url, resource in self._entries if url and resource is not None}

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        found = ((text(resource, "id"), resource) for resource in self.resources)
        return {f"{resource.kind}/{own}": resource for own, resource in found if own is not None}

    @cached_property
    def observations(self) -> dict[tuple[str, str], list[Node]]:
        """The Observations by each of their codes."""
        found: dict[tuple[str, str], list[Node]] = {}
        for resource in self.of_kind("Observation"):
            for code in codings(resource, "code"):
                found.setdefault(code.pair, []).append(resource)
        return found


def _tail(target: str) -> str:
    # An absolute or versioned reference names the same resource by its last two steps.
    steps = target.partition("/_history/")[0].split("/")
    return "/".join(steps[-2:])


def _number(version: str | None) -> int:
    digits = (version or "").removeprefix('W/"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit()):
        return 0
    number = int(digits) if len(digits) < 19 else _MAX_VERSION  # noqa: PLR2004 - digits of 64 bits
    return min(number, _MAX_VERSION)
