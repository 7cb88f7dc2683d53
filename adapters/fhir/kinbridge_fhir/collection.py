"""Resources that came together, and who of them refers to whom. STU3, R4, R4B and R5 alike.

A message, a notification, the answer to a search and one resource by itself are all such a
collection: what maps a resource asks this and need not know how it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, TypeVar, cast

from kinbridge_fhir.nodes import Node, text
from kinbridge_fhir.systems import normal
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant
from kinbridge_schemas.vocabulary import Version

MAX_ENTRIES: Final = 2_000
_HEADER: Final = "MessageHeader"
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_VERSION: Final = 10**15
_Found = TypeVar("_Found")


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


class Collection:
    """The resources of a Bundle, of whatever type, or one resource by itself.

    Raises UnreadableError for more than 2,000 entries.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self._once: dict[Callable[[Collection], object], object] = {}
        self._entries = _entries(root) if root.kind == "Bundle" else [(None, root)]
        if len(self._entries) > MAX_ENTRIES:
            raise UnreadableError("too-many-entries", "Bundle.entry")

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

    def once(self, look: Callable[[Collection], _Found]) -> _Found:
        """Give what a function finds in all of this, looking through it once and no more.

        For what a mapping has to look up among the others: done for each of two thousand
        resources anew, it would be two thousand times two thousand looks.
        """
        if look not in self._once:
            self._once[look] = look(self)
        return cast("_Found", self._once[look])

    @property
    def sent_by(self) -> Node | None:
        """What names the organisation that sent all this, where something does."""
        return None

    @property
    def deletes(self) -> bool:
        """Whether all this is told only to say that it never was so."""
        return False

    @cached_property
    def updated(self) -> datetime | None:
        """When the sender last changed what does not say it of itself."""
        return None

    def version_of(self, resource: Node, otherwise: datetime) -> Version:
        """Which account of a resource this is: its own meta, else the time of the whole.

        A server numbers its versions and a message of the same resource may not. Both say when
        it was last updated or sent, so that comes first where it is given, and the number only
        decides between equal times. Events of NEMS, whose header is their version, are ordered
        by its number first.
        """
        said = text(resource, "meta", "lastUpdated")
        known = (
            read_instant(said, f"{resource.kind}.meta.lastUpdated")
            if said is not None
            else self.updated
        )
        number = _number(text(resource, "meta", "versionId"))
        if known is None or resource.kind == _HEADER:
            return Version(number=number, updated=known or otherwise)
        return Version(updated=known, sent=_place_of(number))

    def resolve(self, reference: Node | None) -> Node | None:
        """Give the resource that a Reference points to, inside this collection only."""
        target = text(reference, "reference")
        return self.at(target) if target is not None else None

    def at(self, target: str) -> Node | None:
        """Give the resource of an address, or of a type and id."""
        return self._by_url.get(target) or self._by_id.get(tail(target))

    @cached_property
    def _by_url(self) -> dict[str, Node]:
        return {url: resource for url, resource in self._entries if url and resource is not None}

    def place_of(self, resource: Node) -> str:
        """Give the `fullUrl` under which a resource came, else its place in the Bundle."""
        for position, (url, other) in enumerate(self._entries):
            if other is resource:
                return url or f"{text(self.root, 'id') or ''}#{position}"
        return ""

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


def _entries(bundle: Node) -> list[tuple[str | None, Node | None]]:
    # What was asked for in several requests is put together as it came: Bundles in a Bundle.
    found: list[tuple[str | None, Node | None]] = []
    for url, resource in bundle.entries():
        if resource is not None and resource.kind == "Bundle":
            found += resource.entries()
        else:
            found.append((url, resource))
    return found


def tail(target: str) -> str:
    """Give type and id: an absolute or versioned reference has them in its last steps."""
    steps = target.partition("/_history/")[0].split("/")
    return "/".join(steps[-2:])


def _place_of(number: int) -> datetime | None:
    """Give a time that orders as a number does: what decides between equal times is one."""
    return _FIRST + timedelta(microseconds=number) if number else None


def _number(version: str | None) -> int:
    digits = (version or "").removeprefix('W/"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit()):
        return 0
    number = int(digits) if len(digits) < 19 else _MAX_VERSION  # noqa: PLR2004 - digits of 64 bits
    return min(number, _MAX_VERSION)
