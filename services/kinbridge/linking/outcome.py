"""How an event ended, and what is said to whom: each child gets each account once.

Whether an account is new is judged for each child by itself: a repeat is new to a child whose
case opened since, and old to its sister.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from kinbridge.linking import saying
from kinbridge.linking.concern import Own, Target, head_of, own_children
from kinbridge.linking.documents import SeenFact, account_order
from kinbridge.linking.ending import Ending
from kinbridge.linking.family import Families, birth_of
from kinbridge.linking.fold import child_of
from kinbridge.linking.refresh import Refreshed
from kinbridge.linking.telling import Telling, telling
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.events.persons import Purged
from kinbridge_schemas.identifiers import ChildRef
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Outcome:
    """The one end of a fact, why, and what is said."""

    end: End
    reason: Code
    said: tuple[LinkedEvent, ...] = ()


class Verdict(Enum):
    """What an account is to a child. AGAIN was linked once and taken back since."""

    NEW = "linked"
    AGAIN = "linked-again"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"

    @property
    def takes(self) -> bool:
        return self in {Verdict.NEW, Verdict.AGAIN}


def verdict_on(to: Telling, ref: ChildRef) -> Verdict:
    """Judge an event against what a child has seen of its fact."""
    seen = to.registry.seen(ref, to.event.fact)
    if seen is None:
        return Verdict.NEW
    order = account_order(to.event)
    if seen.unlinked and order >= seen.order:
        return Verdict.AGAIN
    if order == seen.order:
        # Under one version two things may be told: what differs is never dropped as a repeat.
        return Verdict.DUPLICATE if to.event.id == seen.event else Verdict.NEW
    return Verdict.NEW if order > seen.order else Verdict.SUPERSEDED


def _see(to: Telling, target: Target) -> int:
    """Remember that the child has this account. Gives how often it was linked before."""
    event, seen = to.event, to.registry.seen(target.ref, to.event.fact)
    times = seen.times + int(seen.unlinked) if seen else 0
    account = SeenFact(
        event=event.id, version=event.version, act=event.act, via=target.via, times=times
    )
    to.registry.see(target.ref, event.fact, account)
    return times


# -- an authority's own children


def say_own(to: Telling, own: tuple[Own, ...], changed: Refreshed) -> Outcome:
    """Say an authority's event to its children. What comes before the case opens is held."""
    verdicts: list[Verdict] = []
    said: list[LinkedEvent] = []
    carried: set[ChildRef] = set()
    for each in own:
        head = head_of(to, each.ref)
        ref = head.child if head else each.ref
        verdict = verdict_on(to, ref)
        verdicts.append(verdict)
        if not verdict.takes:
            continue
        target = Target(ref, each.party.role)
        times = _see(to, target)
        record = _said(to, ref)
        if record is None:
            _hold(to, ref)
        else:
            said.append(saying.linked(to.event, record, target, times))
            carried.add(ref)
    said += _say_held(to, changed)
    return _outcome(verdicts, (*said, *_say_changes(to, changed, carried)))


def _said(to: Telling, ref: ChildRef) -> ChildRecord | None:
    document = to.registry.child(ref)
    return document.said if document else None


def _hold(to: Telling, ref: ChildRef) -> None:
    document = to.registry.child(ref)
    if document is not None:
        held = tuple(sorted((*document.held, to.event), key=lambda e: e.id))
        to.registry.put_child(document.model_copy(update={"held": held}), told=False)


def _say_held(to: Telling, changed: Refreshed) -> list[LinkedEvent]:
    said: list[LinkedEvent] = []
    for ref in changed.opened:
        child, record = child_of(ref, to.registry), _said(to, ref)
        if child is None or record is None:
            continue
        # Two records that became one child may hold the same event.
        held: dict[Id, LinkedEvent] = {}
        for document in (to.registry.child(d.child) for d in child.documents):
            if document is None or not document.held:
                continue
            to.registry.put_child(document.model_copy(update={"held": ()}), told=False)
            for event in document.held:
                target = Target(ref, _role_in(event, document.child, to))
                held.setdefault(event.id, saying.linked(event, record, target, 0))
                _see_held(to, ref, event)
        said += held.values()
    return said


def ask_held(to: Telling, refs: Collection[ChildRef]) -> None:
    """Ask for what is read when these children's cases open and what was held is said."""
    for document in (to.registry.child(ref) for ref in refs):
        for event in document.held if document else ():
            to.registry.ask_facts(refs, event.fact)


def _see_held(to: Telling, ref: ChildRef, event: ChildEvent) -> None:
    # It may have been held for a record that was not yet known to be this child's.
    seen = to.registry.seen(ref, event.fact)
    if seen is None or account_order(event) > seen.order:
        account = SeenFact(event=event.id, version=event.version, act=event.act)
        to.registry.see(ref, event.fact, account)


def _role_in(event: ChildEvent, ref: ChildRef, to: Telling) -> Role:
    own, _ = own_children(telling(event, to.registry, to.pseudonymiser, to.now))
    return next((o.party.role for o in own if o.ref == ref), Role.CHILD)


# -- children whom somebody's event concerns


def say_to(to: Telling, verdicts: Mapping[Target, Verdict], changed: Refreshed) -> Outcome:
    """Say an event to the children whom it concerns, as it was judged for each."""
    said: list[LinkedEvent] = []
    carried: set[ChildRef] = set()
    for target, verdict in verdicts.items():
        record = _said(to, target.ref)
        if verdict.takes and record is not None:
            times = _see(to, target)
            said.append(saying.linked(to.event, record, _settled(to, target), times))
            carried.add(target.ref)
    return _outcome(verdicts.values(), (*said, *_say_changes(to, changed, carried)))


def _settled(to: Telling, target: Target) -> Target:
    """A birth is the child's own event as soon as it is certain which child was born."""
    if not isinstance(to.event.detail, BirthNotified):
        return target
    child = child_of(target.ref, to.registry)
    if child is None:
        return target
    birth = birth_of(child, Families(to.registry, to.pseudonymiser).of(child))
    mine = birth is not None and birth.event == to.event.id
    return replace(target, relation=Role.CHILD) if mine else target


# -- everybody else


def say_ended(
    to: Telling, last: Mapping[ChildRef, ChildRecord], changed: Refreshed, how: Ending
) -> Outcome:
    """Say the last of records that ended, and what changed for others by it."""
    said = [
        saying.linked(to.event, record, Target(ref, Role.CHILD), 0)
        for ref, record in sorted(last.items())
    ]
    others = _say_changes(to, changed, set())
    return Outcome("mapped-and-linked", how, (*said, *others))


def _say_changes(to: Telling, changed: Refreshed, carried: set[ChildRef]) -> Iterable[LinkedEvent]:
    reason = _why_unlinked(to)
    for ref, taken in sorted(changed.unlinked.items()):
        record = _said(to, ref)
        if record is not None:
            yield from (saying.unlinked(each, record, reason) for each in taken)
    for ref, record in sorted(changed.records.items()):
        if ref not in carried:
            yield saying.changed(record)


def _why_unlinked(to: Telling) -> Literal["link-rejected", "link-superseded", "purged"]:
    if isinstance(to.event.detail, Purged):
        return "purged"
    return "link-rejected" if to.event.act == "retract" else "link-superseded"


def _outcome(verdicts: Collection[Verdict], outputs: Iterable[LinkedEvent]) -> Outcome:
    said = tuple(outputs)
    if any(v.takes for v in verdicts):
        return Outcome("mapped-and-linked", "linked" if said else "kept-until-open", said)
    if Verdict.SUPERSEDED in verdicts:
        return Outcome("superseded", "superseded", said)
    return Outcome("duplicate", "duplicate", said)
