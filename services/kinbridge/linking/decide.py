"""Decide whose event this is, and which open children it concerns. Pure.

No open case, nothing kept: an event about somebody who is nobody's open case leaves one
disposition and no trace in the registry. Everything else is told on the record, the record is
folded again, and each child concerned is given the event with its record as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kinbridge.linking.asking import note_answer, questions
from kinbridge.linking.concern import Own, Target, concerned, expect_first, own_children
from kinbridge.linking.documents import NoState
from kinbridge.linking.ending import (
    Ending,
    end,
    end_meant,
    ended_by,
    forget_relative,
    refused,
    tell_sign,
)
from kinbridge.linking.fold import child_of
from kinbridge.linking.identifiers import tell_identifiers
from kinbridge.linking.outcome import Outcome, ask_held, say_ended, say_own, say_to, verdict_on
from kinbridge.linking.refresh import Reason, Refreshed, documents_with, refresh
from kinbridge.linking.registry import NotReadYetError, Registry
from kinbridge.linking.relations import tell_own
from kinbridge.linking.saying import ended
from kinbridge.linking.telling import OF_PREGNANCY, Telling, tell_health, telling
from kinbridge.sources.pds import Pds
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.events.persons import Purged
from kinbridge_schemas.identifiers import ChildRef, Pseudonymiser
from kinbridge_schemas.vocabulary import Role

DRY_RUN: Final = Outcome("not-known", "dry-run")
"""What a dry run ends with: it is run for what it asks for."""


@dataclass(frozen=True, slots=True)
class Linking:
    """The stage's decisions, with what they need to know beside the event.

    `linked`, `dispositions` and `retrievals` are the topics that are written. Without `pds`
    nobody is asked about.
    """

    pseudonymiser: Pseudonymiser
    linked: str
    dispositions: str
    retrievals: str
    pds: Pds | None = None

    def decide(self, state: NoState, message: Message, at: At) -> Decision[NoState]:
        """Link one event. The decision's reason is its disposition's."""
        event, registry = _event(message), Registry(at.found)
        to = telling(event, registry, self.pseudonymiser, at.now)
        outcome = link(to)
        last = ended(message, event, outcome.end, outcome.reason)
        outputs = [Output(self.linked, each.child_ref, each) for each in outcome.said]
        if self.pds is not None:
            asked = questions(to, outcome, self.pds)
            outputs += [Output(self.retrievals, each.destination, each) for each in asked]
            note_answer(to)
        outputs.append(Output(self.dispositions, last.message, last))
        return Decision(outcome.reason, state, tuple(outputs), documents=registry.changes())

    def wants(self, message: Message, found: Mapping[str, Value]) -> frozenset[str]:
        """Give the documents the decision reads, as far as those found lead to others."""
        registry = Registry(found, dry=True)
        to = telling(_event(message), registry, self.pseudonymiser, message.envelope.recorded)
        expect_first(to)
        if found:
            with suppress(NotReadYetError):
                link(to)
        return frozenset(registry.asked)


def _event(message: Message) -> ChildEvent:
    if not isinstance(message.body, ChildEvent):
        raise TypeError(f"Linking reads {ChildEvent.contract}.")
    return message.body


def link(to: Telling) -> Outcome:
    """Put an event on the registry and say what follows from it."""
    how = end_meant(to.event)
    if how is not None and (refs := ended_by(to)):
        return _end(to, refs, how)
    own, doubt = own_children(to)
    if own:
        return _link_own(to, own)
    found = concerned(to)
    if found.targets:
        return _link(to, found.targets)
    return _nobody(to, found.doubt or doubt)


def _nobody(to: Telling, doubt: Code | None) -> Outcome:
    if doubt is not None:
        return Outcome("awaiting-identity", doubt)
    if any(p.placeholder for p in to.parties):
        return Outcome("not-known", "placeholder-number")
    return Outcome("not-known", "no-open-case")


def _link_own(to: Telling, own: tuple[Own, ...]) -> Outcome:
    refusals = {o.ref: refused(to.registry.child(o.ref), to.event) for o in own}
    welcome = tuple(o for o in own if refusals[o.ref] is None)
    if not welcome:
        for each in own:
            tell_sign(each.ref, to)
        return Outcome("not-known", refusals[own[0].ref] or "no-open-case")
    refs = [o.ref for o in welcome]
    before = documents_with(refs, to.registry)
    to.registry.ask_facts(before, to.event.fact)
    told = [tell_own(to, o.ref, o.party) for o in welcome]
    keys = tell_identifiers(to)
    changed = Refreshed()
    if any(told) or keys:
        both = before | documents_with(refs, to.registry)
        to.registry.ask_facts(both, to.event.fact)
        ask_held(to, both)
        changed = refresh(Reason(both, keys), to.registry, to.pseudonymiser)
    return DRY_RUN if to.registry.dry else say_own(to, welcome, changed)


def _link(to: Telling, targets: tuple[Target, ...]) -> Outcome:
    verdicts = {target: verdict_on(to, target.ref) for target in targets}
    fresh = [target for target, verdict in verdicts.items() if verdict.takes]
    told = [tell_health(to, t.ref, t.held) for t in fresh if _is_expected(to, t)]
    keys = tell_identifiers(to) if fresh else ()
    gone = isinstance(to.event.detail, Purged)
    if gone:
        forget_relative([t.ref for t in fresh], to)
    changed = Refreshed()
    # Of a birth the families are read in any case: whose it is depends on them.
    if any(told) or keys or gone or (fresh and isinstance(to.event.detail, BirthNotified)):
        touched = documents_with((t.ref for t in fresh), to.registry)
        changed = refresh(Reason(touched, keys), to.registry, to.pseudonymiser)
    return DRY_RUN if to.registry.dry else say_to(to, verdicts, changed)


def _is_expected(to: Telling, target: Target) -> bool:
    """Whether what maternity says of a mother is of this child: one that is or was unborn."""
    if target.relation is not Role.MOTHER or not isinstance(to.event.detail, OF_PREGNANCY):
        return False
    child = child_of(target.ref, to.registry)
    return child is not None and child.unborn_since is not None


def _end(to: Telling, refs: tuple[ChildRef, ...], how: Ending) -> Outcome:
    gone = end(refs, how, to)
    changed = refresh(gone.reason, to.registry, to.pseudonymiser)
    return say_ended(to, gone.last, changed, how)
