"""The adapter of the route `fhir-notification`: what a FHIR server tells, and what it was asked.

Three things come this way: notifications as they were delivered, pages of a search, and single
resources or their history. What a notification only points to has its end here as superseded:
it is asked for, and comes this way again with all that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from kinbridge_fhir.collection import Collection, tail
from kinbridge_fhir.deleted import Deleted, deleted
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.feed import NO_CODES, LocalCodes, MappingByFeed
from kinbridge_fhir.heard import Delivered, Happened, Pointer
from kinbridge_fhir.nodes import Node, read, text
from kinbridge_fhir.notices import Notification, tells_status
from kinbridge_fhir.references import lacks_patient, mapped_here, wanted
from kinbridge_fhir.resources import MAPPINGS, facts_of, word
from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended, Given, Mapped, record_id
from kinbridge_schemas.received import Received

NOTIFICATION_MAPPING: Final = "fhir-notification-1"
ASKED_FOR: Final = "asked-for-by-reference"
ASKED_AGAIN: Final = "asked-again"
"""Of a notification that names nothing: all that changed is asked for."""

_EVENTS: Final = frozenset({"event-notification", "query-event"})


def delivered(content: bytes, content_type: str) -> Delivered:
    """Read a notification as its receiver must. Raises UnreadableError where it is none."""
    notification = Notification(read(content, content_type))
    notice = notification.notice
    if notice.kind not in _EVENTS:
        return Delivered(notice)
    pointers: list[Pointer] = []
    unnamed: list[int | None] = []
    for event in notice.events:
        if event.focus is None:
            unnamed.append(event.number)
        elif tail(event.focus).partition("/")[0] in MAPPINGS and _to_be_asked(notification, event):
            pointers.append(Pointer(event.focus, event.removed, event.number))
    if not notice.events:
        unnamed.append(None)
    # Some servers send the resources and forget to name them.
    carried = any(resource.kind in MAPPINGS for resource in notification.carried)
    return Delivered(notice, tuple(pointers), () if carried else tuple(unnamed))


@dataclass(frozen=True, slots=True)
class Needed:
    """What an answer needs beside it to be understood, as references."""

    holds_facts: bool
    references: tuple[str, ...] = field(repr=False)


def needed(content: bytes, content_type: str) -> Needed:
    """Say what belongs to the resources of an answer. Raises UnreadableError."""
    root = read(content, content_type)
    collection = deleted(root) or Collection(root)
    return Needed(bool(mapped_here(collection)), wanted(collection))


def _to_be_asked(notification: Notification, event: Happened) -> bool:
    resource = None if event.removed else notification.at(event.focus or "")
    return resource is None or lacks_patient(notification, resource)


class FhirNotifications(MappingByFeed[LocalCodes]):
    """Maps what subscriptions bring, R4, R4B and R5, JSON and XML.

    `feeds` are local codes by server.
    """

    mapping = NOTIFICATION_MAPPING

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one record. Raises UnreadableError where nothing of it can be read."""
        root = read(received.content, received.content_type)
        collection = deleted(root) or Collection(root)
        # A server has one name, however many subscriptions: what comes twice is then one fact.
        source = received.source.partition(".")[0]
        codes = self._feeds.get(source, NO_CODES)
        account = Account(collection, source, given.pseudonymiser, given.now, codes)
        found = _ends(account, received.id)
        return Mapped(
            events=tuple(item for item in found if isinstance(item, ChildEvent)),
            ends=tuple(item for item in found if isinstance(item, Ended)),
            # Each content has a key of its own, so that no two are ever one version of it.
            version=received.id,
        )


def _ends(account: Account, received: Id) -> list[ChildEvent | Ended]:
    collection = account.message
    if not tells_status(collection):
        return _asked(account, received)
    if text(collection.root, "type") == "searchset":
        return [parked(received, "query-status", "duplicate")]
    notification = Notification(collection.root)
    kind = notification.notice.kind
    if kind not in _EVENTS:
        return [parked(received, kind, "duplicate")]
    found = [*_pointed_to(account, notification), *_carried(account, notification)]
    return found or [parked(received, ASKED_AGAIN, "superseded")]


def _asked(account: Account, received: Id) -> list[ChildEvent | Ended]:
    """What a server answered to a question of ours."""
    collection = account.message
    resources = collection.resources
    if isinstance(collection, Deleted):
        resources = [collection.last]
    found = facts_of(account, resources)
    return found or [parked(received, "resources-without-facts")]


def _pointed_to(account: Account, notification: Notification) -> Iterator[Ended]:
    told: set[Id] = set()
    for event in notification.notice.events:
        if event.focus is None:
            continue
        if notification.at(event.focus) is not None and not event.removed:
            continue  # it has its end as what was carried
        kind, _, own = tail(event.focus).rpartition("/")
        thing = record_id(account.pseudonymiser, account.source, word(kind), f"id|{own}")
        fact = derive_id("fact", word(kind), thing)
        if fact in told:
            continue
        told.add(fact)
        if kind in MAPPINGS:
            yield parked(fact, ASKED_FOR, "superseded")
        else:
            yield parked(fact, "resource-not-used")


def _carried(account: Account, notification: Notification) -> list[ChildEvent | Ended]:
    whole: list[Node] = []
    ends: dict[Id, Ended] = {}
    for resource in notification.carried:
        if resource.kind in MAPPINGS and lacks_patient(notification, resource):
            fact = account.fact(word(resource.kind), resource)
            ends[fact] = parked(fact, ASKED_FOR, "superseded")
        else:
            whole.append(resource)
    focus = (notification.at(e.focus) for e in notification.notice.events if e.focus is not None)
    about = [resource for resource in focus if resource is not None]
    return [*ends.values(), *facts_of(account, whole, about=about)]
