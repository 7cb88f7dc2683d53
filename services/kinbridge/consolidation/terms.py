"""What a partnership's policy says about when and how often a team is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.model import Partnership, Suppression
from kinbridge_schemas.alerts import EscalationStep, Suppressed
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import ServiceArm, Urgency

_ALWAYS_SAID: Final = frozenset({"R3", "R18", "R19"})
_SAID_WHEN_URGENT: Final = "R7"
_WEEK: Final = 5
"""Working days between reminders after the agreed number: an open alert is never silent."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The policy of one authority for one team, as consolidation reads it.

    `settle` collects items before they are said; zero says an item at once.
    """

    policy: Partnership
    arm: ServiceArm
    settle: Mapping[Urgency, timedelta]
    suppressions: tuple[Suppression, ...]

    @property
    def escalation(self) -> tuple[EscalationStep, ...]:
        return self.policy.escalation[self.arm]

    def answer_by(self, said: datetime, urgency: Urgency) -> datetime:
        """When an acknowledgement of what was said is missed."""
        terms = self.policy.urgencies[urgency]
        if terms.clock == "working":
            return self._working(said, terms.ack_minutes)
        if terms.out_of_hours == "wait":
            said = self.policy.working_time.next_duty_start(said)
        return said + timedelta(minutes=terms.ack_minutes)

    def step_due(self, answer_by: datetime, step: EscalationStep) -> datetime:
        """When the next is told: so long after the acknowledgement was missed."""
        if step.clock == "working" and step.after_minutes:
            return self._working(answer_by, step.after_minutes)
        return answer_by + timedelta(minutes=step.after_minutes)

    def reminder_due(self, start: datetime, urgency: Urgency, reminders: int) -> datetime:
        clocks = self.policy.clocks
        if reminders < clocks.reminders_at_most:
            return self._working(start, clocks.reminder_minutes[urgency])
        day = self.policy.working_time.add_working_days(start, _WEEK)
        return self.policy.working_time.duty(day)[0]

    def held_until(self, acknowledged: datetime, urgency: Urgency) -> datetime:
        """Until when an acknowledgement holds without an outcome."""
        return self._working(acknowledged, 60 * self.policy.clocks.ack_expiry_hours[urgency])

    def longest_snooze(self, urgency: Urgency) -> timedelta:
        return timedelta(hours=self.policy.snooze.longest_hours[urgency])

    def second_person_needed(self, length: timedelta, urgency: Urgency) -> bool:
        limits = self.policy.snooze
        long = length > timedelta(hours=limits.second_person_after_hours)
        return long or urgency in limits.second_person_for

    def closes(self, changed: datetime) -> datetime:
        return self._working(changed, 60 * self.policy.clocks.closes_after_hours)

    @property
    def remembers(self) -> timedelta:
        return timedelta(days=self.policy.clocks.remembers_days)

    @property
    def waits_for_items(self) -> timedelta:
        return timedelta(minutes=self.policy.clocks.moves_minutes)

    def suppressing(self, concern: Concern, since: datetime) -> tuple[Suppression, ...]:
        """The suppressions that take this concern, unless it may never be kept quiet."""
        if not self.suppressions or _never_kept_quiet(concern):
            return ()
        on = london_date(since)
        rule, urgency = concern.rule, concern.urgency
        return tuple(s for s in self.suppressions if s.takes(rule, self.arm, urgency, on))

    def quiet_until(self, concern: Concern, since: datetime) -> datetime | None:
        """When the last active suppression of this concern ends."""
        days = [s.valid_to for s in self.suppressing(concern, since) if s.mode == "active"]
        return start_of(max(days)) if days else None

    def suppressed(self, concern: Concern, since: datetime) -> tuple[Suppressed, ...]:
        return tuple(
            Suppressed(rule=s.name, version=s.version, mode=s.mode, concern=concern.concern)
            for s in self.suppressing(concern, since)
        )

    def _working(self, start: datetime, minutes: int) -> datetime:
        return self.policy.working_time.add_working_minutes(start, minutes)


TermsOf = Mapping[tuple[AuthorityCode, ServiceArm], Terms]


def terms_of(partnerships: Mapping[AuthorityCode, Partnership]) -> TermsOf:
    """Give the terms of every authority and team that has a policy."""
    return {
        (authority, arm): _terms(policy, arm)
        for authority, policy in partnerships.items()
        for arm in policy.arms()
    }


def _terms(policy: Partnership, arm: ServiceArm) -> Terms:
    most = policy.clocks.settle_at_most
    settle = {
        urgency: timedelta(minutes=min(minutes, most))
        for urgency, minutes in policy.clocks.settle_minutes[arm].items()
    }
    mine = tuple(s for s in policy.suppressions if arm in s.arms)
    return Terms(policy, arm, settle, mine)


def _never_kept_quiet(concern: Concern) -> bool:
    urgent = concern.urgency is Urgency.U1
    return (
        concern.never_suppressed
        or concern.rule in _ALWAYS_SAID
        or (concern.rule == _SAID_WHEN_URGENT and urgent)
    )
