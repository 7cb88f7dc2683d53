"""Decide what one record, or the passing of time, means for the alerts of one family. Pure.

A worker who is told the same thing five times stops reading. So a team has at most one open
alert of a family; a concern is said once, and again only when something is new or corrected,
nobody answered, or an answer ran out. Every step gives its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kinbridge.consolidation import moving
from kinbridge.consolidation.answers import answered
from kinbridge.consolidation.moving import Moved
from kinbridge.consolidation.openings import Result, placed, recalled, take
from kinbridge.consolidation.passing import forgotten_at, passed
from kinbridge.consolidation.state import ARMS, Address, Alert, Arm, FamilyState
from kinbridge.consolidation.terms import Terms, TermsOf
from kinbridge.consolidation.timing import next_step
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.alerts import AlertRevision
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import AlertProposed, Concern
from kinbridge_schemas.identifiers import ChildRef, FamilyRef
from kinbridge_schemas.moves import (
    ConcernFollowed,
    HandedOver,
    HandOver,
    ItemsMoved,
    ResponseFollowed,
)
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.responses import Response
from kinbridge_schemas.vocabulary import ServiceArm


@dataclass(frozen=True, slots=True)
class Consolidation:
    """The stage's decisions under the policies of all partnerships.

    `alerts` and `moved` are the topics it writes.
    """

    terms: TermsOf
    alerts: str
    moved: str

    def decide(self, state: FamilyState, message: Message, at: At) -> Decision[FamilyState]:
        """Take in one proposal, answer or move. Raises UnreadableError for a team unknown."""
        family, body = message.key, message.body
        match body:
            case AlertProposed():
                done = self._proposed(state, family, body, at.now)
            case Response():
                done = self._answered(state, family, body, at.now)
            case ItemsMoved():
                done = self._moved(state, family, body, at.now)
            case _:
                raise UnreadableError("contract-unexpected")
        return self._decision(done)

    def on_due(self, state: FamilyState, _key: str, at: At) -> Decision[FamilyState]:
        """Take every step that time has brought, for both teams."""
        state = moving.forgotten(state, at.clock)
        revisions: list[AlertRevision] = []
        reasons: list[str] = []
        for name in ARMS:
            arm = state.of(name)
            terms = self._of_arm(arm)
            if terms is None:
                continue
            result = passed(arm, terms, at.clock)
            state = state.with_arm(result.arm)
            revisions += result.revisions
            reasons.append(result.reason)
        reason = next((r for r in reasons if r != "nothing-due"), "nothing-due")
        return self._decision(Moved(state, reason, tuple(revisions)))

    def due(self, state: FamilyState) -> datetime | None:
        """When the family must be looked at next."""
        times: list[datetime] = [moving.forgotten_at(home) for home in state.homes]
        for name in ARMS:
            arm = state.of(name)
            terms = self._of_arm(arm)
            if terms is None:
                continue
            ends = [forgotten_at(alert, terms) for alert in arm.closed]
            ends.append(next_step(arm.open, terms) if arm.open else None)
            times += [end for end in ends if end is not None]
        return min(times, default=None)

    def _proposed(
        self, state: FamilyState, family: FamilyRef, proposed: AlertProposed, now: datetime
    ) -> Moved:
        concern = proposed.concern
        terms = self._terms(concern)
        came = moving.came(state, family, proposed)
        state = came.state
        to = moving.elsewhere(state, family, concern)
        if to is not None:
            return Moved(state, "followed", words=(moving.followed(concern, family, to, now),))
        return _joined(_taken(state, family, concern, terms, now), came)

    def _answered(
        self, state: FamilyState, family: FamilyRef, response: Response, now: datetime
    ) -> Moved:
        for name in ARMS:
            arm = state.of(name)
            alert = arm.numbered(response.alert)
            if alert is not None:
                return self._answered_in(state, family, arm, alert, response, now)
        return Moved(state, "alert-not-known")

    def _answered_in(  # noqa: PLR0913, PLR0917 - an answer, its alert, and where both lie
        self,
        state: FamilyState,
        family: FamilyRef,
        arm: Arm,
        alert: Alert,
        response: Response,
        now: datetime,
        since: datetime | None = None,
    ) -> Moved:
        if alert.authority != response.authority:
            return Moved(state, "answer-of-another-authority")
        later = tuple(to for to in alert.moved_to if since is None or to.at > since)
        if alert.stage == "closed" and later:
            words = (_passed_on(response, arm.arm, family, to) for to in later)
            return Moved(state, "answer-followed", words=tuple(words))
        terms = self.terms[alert.authority, arm.arm]
        done = answered(alert, response, terms, now)
        arm = placed(arm.with_alert(done.alert), family, done.left_over, terms)
        revisions = (done.revision,) if done.revision else ()
        return Moved(state.with_arm(arm), done.reason, revisions)

    def _moved(
        self, state: FamilyState, family: FamilyRef, moved: ItemsMoved, now: datetime
    ) -> Moved:
        match moved.said:
            case HandOver():
                return moving.handed_over(state, moved, _child(moved), self.terms, now)
            case HandedOver() as given:
                return moving.received(state, moved, _child(moved), given, self.terms, now)
            case ConcernFollowed() as late:
                return self._late(state, family, late, now)
            case ResponseFollowed() as late_answer:
                arm = state.of(late_answer.arm)
                alert = arm.open or (arm.closed[-1] if arm.closed else None)
                if alert is None:
                    return Moved(state, "alert-not-known")
                response = late_answer.response
                return self._answered_in(state, family, arm, alert, response, now, moved.moved)

    def _late(
        self, state: FamilyState, family: FamilyRef, late: ConcernFollowed, now: datetime
    ) -> Moved:
        concern = late.concern.model_copy(update={"family": family})
        terms = self._terms(concern)
        arm = state.of(concern.arm)
        if late.recall:
            result = recalled(arm, family, concern, terms, now)
            to = moving.elsewhere(state, family, concern)
            words = (
                ()
                if to is None
                else (moving.followed(concern, family, to, late.since, recall=True),)
            )
            return Moved(state.with_arm(result.arm), result.reason, result.revisions, words)
        home = state.home(concern.child)
        beyond = home is not None and home.mark > (concern.record_revision, concern.as_of)
        if home is not None and home.family != family and beyond:
            words = (moving.followed(concern, family, home.family, late.since),)
            return Moved(state, "followed", words=words)
        return _taken(state, family, concern, terms, now)

    def _terms(self, concern: Concern) -> Terms:
        terms = self.terms.get((concern.authority, concern.arm))
        if terms is None:
            raise UnreadableError("team-without-policy", "concern.authority")
        return terms

    def _of_arm(self, arm: Arm) -> Terms | None:
        alert = arm.open or (arm.closed[-1] if arm.closed else None)
        return None if alert is None else self.terms[alert.authority, arm.arm]

    def _decision(self, done: Moved) -> Decision[FamilyState]:
        outputs = [Output(self.alerts, r.family_ref, r) for r in done.revisions]
        outputs += [Output(self.moved, w.family_ref, w) for w in done.words]
        return Decision(
            reason=done.reason,
            state=done.state,
            outputs=tuple(outputs),
            due=self.due(done.state),
        )


def _taken(
    state: FamilyState, family: FamilyRef, concern: Concern, terms: Terms, now: datetime
) -> Moved:
    arm = state.of(concern.arm)
    home = state.home(concern.child)
    waits = home is not None and concern.arm in home.waiting
    held = now + terms.waits_for_items if waits else None
    words: Iterable[ItemsMoved] = ()
    if home is not None and home.came_from is not None and _unheard_of(arm, concern):
        words = (moving.followed(concern, family, home.came_from, now, recall=True),)
    result: Result = take(arm, family, concern, terms, now, held_until=held)
    return Moved(state.with_arm(result.arm), result.reason, result.revisions, tuple(words))


def _child(moved: ItemsMoved) -> ChildRef:
    if moved.child is None:
        raise UnreadableError("child-missing", "child")
    return moved.child


def _unheard_of(arm: Arm, concern: Concern) -> bool:
    every = (*arm.closed, arm.open) if arm.open else arm.closed
    known = any(alert.find(concern.concern) for alert in every)
    return concern.status != "active" and not known


def _joined(done: Moved, came: Moved) -> Moved:
    return Moved(done.state, done.reason, done.revisions, (*came.words, *done.words))


def _passed_on(response: Response, arm: ServiceArm, family: FamilyRef, to: Address) -> ItemsMoved:
    return ItemsMoved(
        id=derive_id("follow", family, to.family, response.id),
        family=to.family,
        from_family=family,
        moved=to.at,
        said=ResponseFollowed(arm=arm, response=response),
    )
