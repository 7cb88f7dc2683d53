"""A notification of a FHIR subscription, read into one shape whatever the version.

R4 with the backport guide: a Bundle of type `history` whose first resource is a Parameters.
R4B: the same with a SubscriptionStatus. R5: a Bundle of type `subscription-notification`.
Source: HL7 Subscriptions R5 Backport 1.2.0-ballot; FHIR R5, SubscriptionStatus.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, Literal, cast, get_args

from kinbridge_fhir.collection import Collection, tail
from kinbridge_fhir.heard import Happened, Kind, Notice
from kinbridge_fhir.nodes import Node, one, read, text
from kinbridge_schemas.problems import UnreadableError

_KINDS: Final = frozenset(get_args(Kind))
_STATUSES: Final = frozenset({"requested", "active", "error", "off", "entered-in-error"})
_HOLDERS: Final = frozenset({"Parameters", "SubscriptionStatus"})
_TYPES: Final = frozenset({"history", "subscription-notification"})
_MOST_EVENTS: Final = 1_000
_DIGITS: Final = 15
# A number is a string in R4, since it has no integer64; servers send these others as well.
_VALUES: Final = (
    *("valueString", "valueCode", "valueUnsignedInt", "valueInteger64"),
    *("valueInteger", "valuePositiveInt"),
)


class Notification(Collection):
    """A Bundle that notifies. Raises UnreadableError where it is none, or says what it cannot."""

    def __init__(self, root: Node) -> None:
        super().__init__(root)
        if root.kind != "Bundle":
            raise UnreadableError("not-a-bundle")
        if text(root, "type") not in _TYPES or not tells_status(self):
            raise UnreadableError("not-a-notification", "Bundle.type")

    @cached_property
    def notice(self) -> Notice:
        return _notice(self.resources[0], self.removed)

    @property
    def carried(self) -> list[Node]:
        """The resources beside the status."""
        return self.resources[1:]

    @cached_property
    def removed(self) -> frozenset[str]:
        """Type and id of what was deleted."""
        return frozenset(
            tail(url)
            for entry in self.root.all("entry")
            if text(entry, "request", "method") == "DELETE"
            and (url := text(entry, "fullUrl") or text(entry, "request", "url")) is not None
        )


def tells_status(collection: Collection) -> bool:
    """Whether the first resource is the status of a subscription."""
    first = next(iter(collection.resources), None)
    return first is not None and first.kind in _HOLDERS


def read_notice(content: bytes, content_type: str) -> Notice:
    """Read a notification. Raises UnreadableError where the bytes are none."""
    return Notification(read(content, content_type)).notice


def read_status(content: bytes, content_type: str) -> Notice:
    """Read the answer to `$status`: a searchset of statuses, a notification, or one status.

    Raises UnreadableError where no status is in it.
    """
    collection = Collection(read(content, content_type))
    if not tells_status(collection):
        raise UnreadableError("status-missing", "Bundle.entry[0]")
    return _notice(collection.resources[0], frozenset(), otherwise="query-status")


def _notice(
    holder: Node, removed: frozenset[str], otherwise: Literal["", "query-status"] = ""
) -> Notice:
    said = _Said(holder)
    kind = said.word("type") or otherwise
    if kind not in _KINDS:
        raise UnreadableError("notification-type-unknown", f"{holder.kind}.type")
    status = said.word("status") or ""
    return Notice(
        kind=cast("Kind", kind),
        status=status if status in _STATUSES else "",
        since_start=_number(said.word("events-since-subscription-start"), holder),
        events=tuple(_events(said, removed)),
    )


def _events(said: _Said, removed: frozenset[str]) -> Iterator[Happened]:
    for count, event in enumerate(said.parts("notification-event"), 1):
        if count > _MOST_EVENTS:
            raise UnreadableError("too-many-events", f"{said.holder.kind}.notificationEvent")
        focus = event.reference("focus")
        number = _number(event.word("event-number"), said.holder)
        yield Happened(number, focus, focus is not None and tail(focus) in removed)


class _Said:
    """The fields of a status, by their names in R4's Parameters; R4B and R5 have them as own."""

    def __init__(self, holder: Node, *, flat: bool | None = None) -> None:
        self.holder = holder
        self._flat = holder.kind == "SubscriptionStatus" if flat is None else flat

    def parts(self, name: str) -> Iterator[_Said]:
        if self._flat:
            return (_Said(node, flat=True) for node in self.holder.all(_camel(name)))
        return (_Said(node, flat=False) for node in self._parameters(name))

    def word(self, name: str) -> str | None:
        if self._flat:
            return text(self.holder, _camel(name))
        for parameter in self._parameters(name):
            for value in _VALUES:
                if (found := text(parameter, value)) is not None:
                    return found
        return None

    def reference(self, name: str) -> str | None:
        if self._flat:
            return text(self.holder, _camel(name), "reference")
        found = next(self._parameters(name), None)
        return text(one(found, "valueReference"), "reference")

    def _parameters(self, name: str) -> Iterator[Node]:
        inside = "parameter" if self.holder.kind == "Parameters" else "part"
        return (node for node in self.holder.all(inside) if text(node, "name") == name)


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def _number(said: str | None, holder: Node) -> int | None:
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= _DIGITS):
        raise UnreadableError("event-number-invalid", f"{holder.kind}.eventNumber")
    return int(said)
