"""Which fields of a message an adapter reads: a view of JSON that writes down what was there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.nodes import JsonNode, Node

_PLACE: Final = re.compile(r"\[\d+\]")


class ReadNode:
    """A node whose fields are written into `seen` as `Patient.name.family` once they are read.

    Only what was there and was taken counts: to look for something that is not there does not,
    nor what only leads from one resource to another or names a type or an id.
    """

    def __init__(self, node: Node, path: str, seen: set[str]) -> None:
        self._node = node
        self._path = path
        self._seen = seen

    @property
    def kind(self) -> str:
        return self._node.kind

    @property
    def path(self) -> str:
        return self._node.path

    def _note(self, name: str) -> None:
        self._seen.add(f"{self._path}.{name}")

    def text(self, name: str) -> str | None:
        value = self._node.text(name)
        if value is not None:
            self._note(name)
        return value

    def values(self, name: str) -> list[str]:
        values = self._node.values(name)
        if values:
            self._note(name)
        return values

    def all(self, name: str) -> Iterator[Node]:
        for inner in self._node.all(name):
            yield ReadNode(inner, f"{self._path}.{self._label(name, inner)}", self._seen)

    def codings(self, name: str) -> list[tuple[str | None, str]]:
        found = self._node.codings(name)
        if found:
            self._note(name)
        return found

    def under(self, name: str) -> Node | None:
        inner = self._node.under(name)
        return ReadNode(inner, f"{self._path}.{name}", self._seen) if inner else None

    def entries(self) -> list[tuple[str | None, Node | None]]:
        return [
            (url, ReadNode(inner, inner.kind, self._seen) if inner is not None else None)
            for url, inner in self._node.entries()
        ]

    def url(self) -> str | None:
        return self._node.url()

    @staticmethod
    def _label(name: str, inner: Node) -> str:
        url = inner.url() if name == "extension" else None
        return f"extension({url.rpartition('/')[2]})" if url else name


def reading(bundle: dict[str, object]) -> tuple[Node, set[str]]:
    """Give a Bundle to be read, and what will have been read of it."""
    seen: set[str] = set()
    return ReadNode(JsonNode(bundle, "Bundle", None), "Bundle", seen), seen
