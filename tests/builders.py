"""Builders: what a test does not care about has a default, and every time is given.

Persons are made up. NHS numbers are of the test range that starts with 900.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from kinbridge.stage import Message
from kinbridge_schemas.base import Contract, Value, derive_id
from kinbridge_schemas.envelope import Envelope, to_text
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import ChildRef, FamilyRef, LaChildId, NhsNumber, Pseudonymiser
from kinbridge_schemas.linked import (
    ChildChanged,
    ChildRecord,
    EventLinked,
    EventUnlinked,
    LinkedEvent,
)
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

PSEUDONYMS: Final = Pseudonymiser(b"a secret of tests, and of tests only")

_ACT: Final = "assert"


def when(text: str) -> datetime:
    """A time written `2026-10-05 09:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_child_ref(name: str = "ada") -> ChildRef:
    return PSEUDONYMS.child("209", name)


def a_family_ref(name: str = "ada") -> FamilyRef:
    return PSEUDONYMS.family("209", name)


def a_child(name: str = "ada", *, revision: int = 1, **changes: Any) -> ChildRecord:
    """An open, born child of Lewisham, unless `changes` say otherwise."""
    record: dict[str, Any] = {
        "child": a_child_ref(name),
        "family": a_family_ref(name),
        "authority": "209",
        "revision": revision,
        "open": True,
        "opening": 1,
        "la_child_id": LaChildId("LA1001"),
    }
    return ChildRecord(**(record | changes))


def an_unborn(name: str = "bea", *, revision: int = 1, **changes: Any) -> ChildRecord:
    """An unborn child of Lewisham with an open case."""
    return a_child(name, revision=revision, **({"unborn": True} | changes))


def a_fact_id(detail: Value, at: datetime, name: str = "") -> str:
    """The id of a fact, from the id its detail carries, else from its kind and time."""
    given = detail.model_dump(mode="json")
    own = [str(v) for k, v in given.items() if k.endswith("_id") and v]
    return derive_id("fact", str(given["kind"]), name, *(own or [to_text(at)]))


def an_event(
    detail: Value,
    *,
    at: datetime,
    nhs_number: str = "9000000009",
    role: Role = Role.CHILD,
    observed: datetime | None = None,
    version: int = 1,
    **changes: Any,
) -> ChildEvent:
    """What a source says happened, to the person with this NHS number."""
    number = NhsNumber(nhs_number)
    fact = changes.pop("fact", None) or a_fact_id(detail, at)
    told = Version(number=version, updated=observed or at)
    act = changes.get("act", _ACT)
    event: dict[str, Any] = {
        "id": event_id(fact, told, act),
        "fact": fact,
        "version": told,
        "occurred": Occurred(at=at),
        "observed": observed or at,
        "source": "nhs:test",
        "subjects": (Subject(role=role, key=PSEUDONYMS.of_nhs_number(number), nhs_number=number),),
        "detail": detail,
    }
    return ChildEvent(**(event | changes))


def a_linked_event(
    detail: Value,
    *,
    child: ChildRecord,
    at: datetime,
    relation: Role = Role.CHILD,
    observed: datetime | None = None,
    version: int = 1,
    **changes: Any,
) -> LinkedEvent:
    """An event that linking tied to a child. `precision` may be given among the changes."""
    precision = changes.pop("precision", Precision.INSTANT)
    fact = changes.pop("fact", None) or a_fact_id(detail, at, child.child)
    told = Version(number=version, updated=observed or at)
    event = event_id(fact, told, changes.get("act", _ACT))
    happened: dict[str, Any] = {
        "event": event,
        "fact": fact,
        "version": told,
        "relation": relation,
        "occurred": Occurred(at=at, precision=precision),
        "observed": observed or at,
        "source": "nhs:test",
        "detail": detail,
    }
    return LinkedEvent(
        id=derive_id("linked", event, child.child, str(child.revision)),
        child=child,
        happened=EventLinked(**(happened | changes)),
    )


def fact_of(linked: LinkedEvent) -> str:
    """The id of the fact of an event that was linked."""
    return detail_and_fact(linked)[1]


def detail_and_fact(linked: LinkedEvent) -> tuple[Any, str]:
    """What an event that was linked says, and the id of its fact."""
    if not isinstance(linked.happened, EventLinked):
        raise TypeError("This event links nothing.")
    return linked.happened.detail, linked.happened.fact


def an_unlinked_event(linked: LinkedEvent, *, child: ChildRecord) -> LinkedEvent:
    """The link of an event taken back."""
    if not isinstance(linked.happened, EventLinked):
        raise TypeError("Only an event that was linked can be unlinked.")
    happened = EventUnlinked(
        event=linked.happened.event, fact=linked.happened.fact, reason="link-rejected"
    )
    name = derive_id("linked", linked.id, "taken-back", str(child.revision))
    return LinkedEvent(id=name, child=child, happened=happened)


def a_changed_child(child: ChildRecord) -> LinkedEvent:
    """The child's record changed: `child` is how it stands now."""
    name = derive_id("linked", child.child, "changed", str(child.revision))
    return LinkedEvent(id=name, child=child, happened=ChildChanged())


def a_message(body: Contract, *, recorded: datetime, topic: str = "linked-events") -> Message:
    """A record as a stage sees it, keyed by what the body says of itself."""
    envelope = Envelope(
        id=body.id, type=body.contract, source="test", recorded=recorded, correlation=body.id
    )
    key = body.child_ref if isinstance(body, LinkedEvent) else body.id
    return Message(topic=topic, key=key, envelope=envelope, body=body)
