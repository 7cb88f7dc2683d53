"""Which fields of a message there are, and which of them an adapter reads.

A field is named by its resource and the names down to a value, an extension by the end of its
address: `Patient.address.postalCode`, `MessageHeader[Extension-RoutingDemographics-1][name]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from kinbridge_fhir.nodes import FHIR, Node

_RESOURCES = ("Bundle.entry.resource",)


class TracedNode:
    """A node that writes down every field whose value is read through it."""

    def __init__(self, inner: Node, field: str, seen: set[str]) -> None:
        self._inner = inner
        self._field = field
        self._seen = seen

    @property
    def kind(self) -> str:
        return self._inner.kind

    @property
    def path(self) -> str:
        return self._inner.path

    def text(self, name: str) -> str | None:
        found = self._inner.text(name)
        self._note(name, there=found is not None)
        return found

    def values(self, name: str) -> list[str]:
        found = self._inner.values(name)
        self._note(name, there=bool(found))
        return found

    def all(self, name: str) -> Iterator[Node]:
        for each in self._inner.all(name):
            yield TracedNode(each, step(self._field, name, each.url()), self._seen)

    def codings(self, name: str) -> list[tuple[str | None, str]]:
        found = self._inner.codings(name)
        self._note(f"{name}.coding.code", there=bool(found))
        self._note(f"{name}.coding.system", there=any(system for system, _ in found))
        return found

    def under(self, name: str) -> Node | None:
        found = self._inner.under(name)
        return TracedNode(found, f"{self._field}.{name}", self._seen) if found else None

    def entries(self) -> list[tuple[str | None, Node | None]]:
        found = self._inner.entries()
        self._note("entry.fullUrl", there=any(url for url, _ in found))
        return [
            (url, TracedNode(each, each.kind, self._seen) if each is not None else None)
            for url, each in found
        ]

    def url(self) -> str | None:
        return self._inner.url()

    def _note(self, name: str, *, there: bool) -> None:
        if there:
            self._seen.add(f"{self._field}.{name}")


def step(field: str, name: str, url: str | None) -> str:
    """Give the name of a part: an extension by the end of its address."""
    if name == "extension" and url:
        return f"{field}[{url.rpartition('/')[2]}]"
    return f"{field}.{name}"


def fields(content: bytes) -> set[str]:
    """Give every field of a message that has a value. The message is XML."""
    return set(_values(etree.fromstring(content), "Bundle"))


def _values(element: etree._Element, field: str) -> Iterator[str]:
    if element.get("value") is not None:
        yield field
    for part in element.iterchildren(etree.Element):
        name = part.tag.removeprefix(FHIR)
        if "}" in name:
            yield f"{field}.div"
        elif field in _RESOURCES:
            yield from _values(part, name)
        else:
            yield from _values(part, step(field, name, part.get("url")))
