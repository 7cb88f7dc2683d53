"""The history of one resource that was deleted: what it last said, told to take it back.

A deletion names the resource and nobody else. Whose it was stands in the version before, which
the history of the resource still holds on servers that keep one.
Source: FHIR R4 and R5, RESTful API, `history`: the newest first, a deletion as `DELETE`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from kinbridge_fhir.collection import Collection
from kinbridge_fhir.nodes import Node, text
from kinbridge_fhir.notices import tells_status
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant
from kinbridge_schemas.vocabulary import Version

_NEXT: Final = timedelta(microseconds=1)


class Deleted(Collection):
    """A history whose newest entry is a deletion. All that it tells never was so."""

    def __init__(self, root: Node, history: Node) -> None:
        super().__init__(root)
        self._history = history

    @property
    def deletes(self) -> bool:
        return True

    @cached_property
    def last(self) -> Node:
        """The newest version that there was. Raises UnreadableError where none is given."""
        found = (resource for _, resource in self._history.entries() if resource is not None)
        if (newest := next(found, None)) is None:
            raise UnreadableError("history-without-version", "Bundle.entry")
        return newest

    def version_of(self, resource: Node, otherwise: datetime) -> Version:
        before = super().version_of(resource, otherwise)
        said = text(next(self._history.all("entry"), None), "response", "lastModified")
        updated = read_instant(said, "Bundle.entry.response.lastModified") if said else None
        # It is later than what it takes back, whatever the clocks of the server say.
        return Version(
            number=before.number + 1 if before.number else 0,
            updated=max(updated or before.updated, before.updated),
            sent=before.sent + _NEXT if before.sent is not None else None,
        )


def deleted(root: Node) -> Deleted | None:
    """Read a history that ends in a deletion, by itself or first in a Bundle. None otherwise."""
    if root.kind != "Bundle":
        return None
    first = next((resource for _, resource in root.entries()), None)
    history = first if first is not None and first.kind == "Bundle" else root
    if text(history, "type") != "history" or tells_status(Collection(history)):
        return None
    newest = next(history.all("entry"), None)
    return Deleted(root, history) if text(newest, "request", "method") == "DELETE" else None
