"""Any life of two families' alerts: proposals, answers, moves and time in any order.

The auditor looks after every step. Beside it a plain model of who was told what.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kinbridge.consolidation.audit import audit
from kinbridge.consolidation.state import Alert
from kinbridge_schemas.alerts import AlertRevision, Reason
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.responses import Acknowledge, Answer, Close, Feedback, Snooze
from kinbridge_schemas.vocabulary import Urgency
from tests.builders import a_child_ref, a_family_ref
from tests.services.consolidation.builders import (
    FAMILY,
    START,
    Desk,
    a_concern,
    an_answer,
    minutes,
    proposed,
)

FAMILIES: Final = (FAMILY, a_family_ref("other"))
CHILDREN: Final = ("ada", "bea")
_AFTER_ACKNOWLEDGEMENT: Final = {
    Reason.NEW_ITEM,
    Reason.URGENCY_RAISED,
    Reason.CORRECTION,
    Reason.LINK_CHANGED,
    Reason.ACK_EXPIRED,
    Reason.CLOSED,
}
_NEEDS_NEWS: Final = {
    Reason.FIRST,
    Reason.NEW_ITEM,
    Reason.URGENCY_RAISED,
    Reason.CORRECTION,
    Reason.REOPENED_AS_SUCCESSOR,
}


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.now = START
        self.accounts: dict[str, Concern] = {}
        self.homes = dict.fromkeys(CHILDREN, FAMILY)
        self.revisions = dict.fromkeys(CHILDREN, 1)
        self.answers = 0
        self.checked = 0
        self.told: dict[tuple[str, str], tuple[str, str]] = {}
        self.acknowledged: set[str] = set()

    def _propose(self, concern: Concern, source: str | None = None) -> None:
        self.accounts[concern.concern] = concern
        self.desk.hear(proposed(concern, supersedes_family=source), at=self.now)

    def _soon(self) -> None:
        self.now += timedelta(seconds=1)

    @rule(
        number=st.integers(0, 5),
        child=st.sampled_from(CHILDREN),
        urgency=st.sampled_from(Urgency),
        status=st.sampled_from(["active", "active", "active", "withdrawn", "ended"]),
        kind=st.sampled_from(["R1", "R3", "R7"]),
    )
    def a_rule_speaks(
        self, number: int, child: str, urgency: Urgency, status: str, kind: str
    ) -> None:
        self._soon()
        name = f"{child}-{number}"
        before = self.accounts.get(a_concern(name).concern)
        concern = a_concern(
            name,
            at=self.now,
            child=a_child_ref(child),
            family=self.homes[child],
            record_revision=self.revisions[child],
            arm="family-help" if number == 0 else "macpt",
            rule=before.rule if before else kind,
            urgency=urgency,
            status=status,
            withdrawn="attended-elsewhere" if status == "withdrawn" else None,
        )
        self._propose(concern)

    @rule(index=st.integers(0, 99), late=st.integers(1, 60))
    def an_old_account_comes_again(self, index: int, late: int) -> None:
        self._soon()
        if not self.accounts:
            return
        concern = list(self.accounts.values())[index % len(self.accounts)]
        old = concern.model_copy(update={"as_of": concern.as_of - minutes(late)})
        self.desk.hear(proposed(old), at=self.now)

    @rule(child=st.sampled_from(CHILDREN))
    def a_child_moves(self, child: str) -> None:
        self._soon()
        source = self.homes[child]
        self.homes[child] = next(f for f in FAMILIES if f != source)
        self.revisions[child] += 1
        for concern in list(self.accounts.values()):
            if concern.child == a_child_ref(child) and concern.status == "active":
                fields = {
                    "family": self.homes[child],
                    "record_revision": self.revisions[child],
                    "as_of": self.now,
                }
                self._propose(concern.model_copy(update=fields), source)

    @rule(length=st.integers(1, 5000))
    def time_passes(self, length: int) -> None:
        self.now += minutes(length)
        self.desk.pass_time(self.now)

    @rule()
    def families_hear_one_another(self) -> None:
        self.desk.carry()

    @precondition(lambda self: self.desk.said)
    @rule(
        index=st.integers(0, 99),
        kind=st.sampled_from(["acknowledge", "acknowledge", "snooze", "close", "feedback"]),
        hours=st.integers(1, 30),
    )
    def somebody_answers(self, index: int, kind: str, hours: int) -> None:
        self._soon()
        self.answers += 1
        said: dict[str, Answer] = {
            "acknowledge": Acknowledge(),
            "snooze": Snooze(
                reason="already-acting",
                until=self.now + timedelta(hours=hours),
                second_person="staff-2",
            ),
            "close": Close(outcome="acted-on"),
            "feedback": Feedback(outcome="useful"),
        }
        alert = self.desk.said[-1 - index % len(self.desk.said)].alert
        by = f"staff-{self.answers}"
        self.desk.hear(an_answer(said[kind], alert=alert, at=self.now, by=by), at=self.now)

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        for family in FAMILIES:
            faults = audit(self.desk.state(family), self.desk.stage.terms, self.desk.clock)
            # A record may come with a clock that stands: what it makes due waits for the next.
            faults = tuple(f for f in faults if f[1] != "next-step-in-the-past")
            assert faults == ()

    @invariant()
    def every_concern_has_exactly_one_place(self) -> None:
        if self.desk.on_the_way:
            return
        for name, concern in self.accounts.items():
            places = [
                alert
                for family in FAMILIES
                for arm in (self.desk.state(family).macpt, self.desk.state(family).family_help)
                for alert in ([arm.open] if arm.open else [])
                if (kept := alert.find(name)) is not None and kept.live
            ]
            if concern.status != "active":
                assert places == []
            elif not places:
                assert self._closed_by_somebody(name)
            else:
                assert len(places) == 1

    def _closed_by_somebody(self, name: str) -> bool:
        return any(
            (kept := alert.find(name)) is not None and kept.said is not None
            for family in FAMILIES
            for arm in (self.desk.state(family).macpt, self.desk.state(family).family_help)
            for alert in arm.closed
        )

    @invariant()
    def each_revision_says_something_new_and_for_a_reason_that_may_stand(self) -> None:
        for revision in self.desk.said[self.checked :]:
            self._check(revision)
        self.checked = len(self.desk.said)
        self.acknowledged = {
            arm.open.alert
            for family in FAMILIES
            for arm in (self.desk.state(family).macpt, self.desk.state(family).family_help)
            if arm.open is not None and arm.open.stage == "acknowledged"
        }
        assert len({r.id for r in self.desk.said}) == len(self.desk.said)

    def _check(self, revision: AlertRevision) -> None:
        if revision.reason in _NEEDS_NEWS:
            assert revision.new or revision.corrected
        if revision.alert in self.acknowledged:
            assert revision.reason in _AFTER_ACKNOWLEDGEMENT
        if revision.state == "closed":
            assert revision.next_step is None
        else:
            assert revision.next_step is not None
        for item in revision.items:
            name = item.concern.concern
            key = (revision.alert, name)
            now = (item.concern.status, item.concern.urgency)
            if name in revision.new:
                assert self.told.get(key) != now, "the same thing told twice"
            self.told[key] = now

    def teardown(self) -> None:
        """After a long time everything that stands was said."""
        self.desk.carry()
        self.every_concern_has_exactly_one_place()
        self.desk.pass_time(self.now + minutes(60 * 24 * 14))
        self.desk.carry()
        for family in FAMILIES:
            for arm in (self.desk.state(family).macpt, self.desk.state(family).family_help):
                alerts: tuple[Alert, ...] = (*arm.closed, arm.open) if arm.open else arm.closed
                assert all(k.said for a in alerts for k in a.items if k.live)


Life.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)
test_any_life_of_alerts = Life.TestCase
