"""A partnership file, closed and frozen: what two agencies agreed, as data.

It says who is told what and when. What a rule looks for is code, under `rules/`; when an
alert is said, under `consolidation/`. Read by `loader`, which also checks that it fits together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from kinbridge.partnership.calendar import WorkingTime
from kinbridge.partnership.care import CareTerms
from kinbridge.partnership.teams import Post, Team, post_of, team_asked
from kinbridge.partnership.terms import BasisCode, Rules
from kinbridge_schemas.alerts import EscalationStep
from kinbridge_schemas.base import Code, ShortText, Value
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.concerns import RuleCode, TeamAsked
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import RoleCode, ServiceArm, SupportTier, Urgency

Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 31)]
Hours = Annotated[int, Field(ge=1, le=24 * 31)]
EnvName = Annotated[str, StringConstraints(pattern=r"^KINBRIDGE_[A-Z0-9_]{3,80}$")]
"""The name of a setting in the environment. The value never stands in a file."""


_Said = Annotated[str, StringConstraints(min_length=3, max_length=400, strip_whitespace=True)]


def _quoted(given: object) -> object:
    # YAML 1.1 reads a bare 17:00 as the number 1020, and pydantic that as 00:17.
    if isinstance(given, str | time):
        return given
    raise ValueError("write the time in quotes, as '17:00'")


WallTime = Annotated[time, BeforeValidator(_quoted)]


class Calendar(Value):
    """The bank holidays of England and Wales that the file knows, and who says so."""

    source: ShortText
    covers_to: date
    bank_holidays: tuple[date, ...]


class DutyHours(Value):
    """When the duty desk is staffed on working days, Europe/London."""

    start: WallTime
    end: WallTime


class UrgencyTerms(Value):
    """Within how long an alert is acknowledged, in working or elapsed time.

    Outside duty hours it is told to the out-of-hours desks (`page`) or waits (`wait`).
    """

    ack_minutes: Minutes
    clock: Literal["working", "elapsed"]
    out_of_hours: Literal["page", "wait"]


class Clocks(Value):
    """How long alerts gather, stand and are repeated. Minutes and hours of working time.

    `settle_minutes` is elapsed time, from the first item; `settle_at_most` is its cap however
    many items join. `reminders_at_most` reminders follow at `reminder_minutes`, then one a
    working week. An alert of which nothing stands closes after `closes_after_hours` of working
    time, and is remembered for `remembers_days`. Items of a child who changed family are waited
    for `moves_minutes` (elapsed) before they are said anew.
    """

    settle_minutes: Mapping[ServiceArm, Mapping[Urgency, Minutes]]
    settle_at_most: Minutes
    reminder_minutes: Mapping[Urgency, Minutes]
    reminders_at_most: Annotated[int, Field(ge=0, le=20)]
    ack_expiry_hours: Mapping[Urgency, Hours]
    closes_after_hours: Hours = 16
    remembers_days: Annotated[int, Field(ge=7, le=400)] = 90
    moves_minutes: Minutes = 1


class SnoozeLimits(Value):
    """How long an alert may sleep, in elapsed hours, and when a second person must agree."""

    longest_hours: Mapping[Urgency, Hours]
    second_person_after_hours: Hours
    second_person_for: tuple[Urgency, ...] = ()


class Suppression(Value):
    """A named, versioned, expiring agreement not to say items of some rules.

    `shadow` only lists what it would have kept back. `least_urgency`: it takes items of this
    urgency and of less.
    """

    name: Code
    version: Code
    mode: Literal["shadow", "active"]
    rules: Annotated[tuple[RuleCode, ...], Field(min_length=1)]
    arms: Annotated[tuple[ServiceArm, ...], Field(min_length=1)]
    least_urgency: Urgency
    reason: ShortText
    valid_from: date
    valid_to: date

    def takes(self, rule: RuleCode, arm: ServiceArm, urgency: Urgency, on: date) -> bool:
        in_force = self.valid_from <= on < self.valid_to
        urgent = urgency.more_urgent_than(self.least_urgency)
        return in_force and rule in self.rules and arm in self.arms and not urgent


class Subscription(Value):
    """A system that is told of alerts, of `least_urgency` and more urgent ones.

    `teams` narrows it to alerts with an item for one of these teams; none named: every team.
    A `webhook` is thin and signed. At a `fhir` server each revision is created as a
    Communication and each request to health as a Task: it is told what the team's topic shows.
    `url_setting` and `secret_setting` name where its address, and its signing secret or bearer
    token, are found.

    While `paused` its dispatches wait; those older than `oldest_days` are then given up, with a
    record, so that starting it again does not send last year's alerts.
    """

    name: Code
    kind: Literal["webhook", "fhir"]
    arms: Annotated[tuple[ServiceArm, ...], Field(min_length=1)]
    teams: tuple[Code, ...] = ()
    least_urgency: Urgency = Urgency.U4
    url_setting: EnvName
    secret_setting: EnvName
    paused: bool = False
    oldest_days: Annotated[int, Field(ge=1, le=60)] = 7

    def wants(self, arm: ServiceArm, urgency: Urgency, teams: frozenset[Code]) -> bool:
        """Whether it is told of an alert; of one for no known team whoever has the arm is."""
        ours = not self.teams or not teams or not teams.isdisjoint(self.teams)
        return ours and arm in self.arms and not self.least_urgency.more_urgent_than(urgency)


class DatedBasis(Value):
    """A ground as the file writes it. Without `valid_from` it is enacted but not in force."""

    code: BasisCode
    purpose: _Said
    statutory_power: _Said
    gdpr_art6: _Said
    gdpr_art9: _Said
    dpa_schedule: _Said
    confidentiality_ground: _Said
    why_no_consent: _Said
    appropriate_policy_document: _Said
    valid_from: date | None
    valid_to: date | None = None


class Partnership(Value):
    """One authority and its health partners: the whole of one policy file.

    `policy_date` is the day the policy takes effect: every ground that a rule names must be in
    force on it. What was so more than `history_days` before it reached us is history: it
    raises nothing of its own. Missing and past facts are forgotten after `keep_days`. `tiers`
    are the partnership's own names of the tiers of support.
    """

    name: Code
    title: ShortText
    authority: AuthorityCode
    policy_version: Code
    policy_date: date
    history_days: Annotated[int, Field(ge=1, le=90)]
    keep_days: Annotated[int, Field(ge=90, le=800)]
    stale_minutes: Annotated[int, Field(ge=5, le=10_000)]
    agreement_scope: Code
    calendar: Calendar
    duty: DutyHours
    teams: Annotated[tuple[Team, ...], Field(min_length=1)]
    role_titles: Mapping[RoleCode, ShortText]
    tiers: Mapping[SupportTier, ShortText]
    urgencies: Mapping[Urgency, UrgencyTerms]
    clocks: Clocks
    escalation: Mapping[ServiceArm, tuple[EscalationStep, ...]]
    snooze: SnoozeLimits
    bases: tuple[DatedBasis, ...]
    rules: Rules
    care: CareTerms | None = None
    suppressions: tuple[Suppression, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    @cached_property
    def working_time(self) -> WorkingTime:
        return WorkingTime(frozenset(self.calendar.bank_holidays), self.duty.start, self.duty.end)

    @cached_property
    def _grounds(self) -> tuple[LawfulBasis, ...]:
        return tuple(
            LawfulBasis.model_validate(
                {**basis.model_dump(), "policy_version": self.policy_version}
            )
            for basis in self.bases
            if basis.valid_from is not None
        )

    def basis(self, code: BasisCode, on: date) -> LawfulBasis | None:
        """The ground of this code that is in force on a day, the latest first; else None."""
        held = [b for b in self._grounds if b.code == code and b.in_force(on)]
        return max(held, key=lambda b: b.valid_from, default=None)

    def ground(self, code: BasisCode) -> LawfulBasis:
        """The ground of this code whether or not still in force, for what takes a share back.

        A ground is ended by `valid_to` and stays in the file. For one that was taken out all
        the same, the first of the file stands in: a correction is never left unsaid.
        """
        return next((b for b in reversed(self._grounds) if b.code == code), self._grounds[0])

    def arms(self) -> frozenset[ServiceArm]:
        return frozenset(team.arm for team in self.teams)

    def post(
        self, role: RoleCode, arm: ServiceArm, asked: frozenset[Code] = frozenset()
    ) -> tuple[Team, Post] | None:
        """The team and post of a role: of this arm if it has one, and of a team that is asked."""
        return post_of(self.teams, role, arm, asked)

    def cover(
        self, role: RoleCode, arm: ServiceArm, asked: frozenset[Code] = frozenset()
    ) -> RoleCode:
        """Who stands in for a role; the role itself where the file names nobody else."""
        found = self.post(role, arm, asked)
        return (found[1].cover if found else None) or role

    def holds(self, role: RoleCode, arm: ServiceArm) -> bool:
        found = self.post(role, arm)
        return found is not None and found[1].desk is not None

    def team_asked(self, arm: ServiceArm, recorded: tuple[Code, ...]) -> TeamAsked:
        """Which team of an arm is asked about a child whose record names these teams."""
        return team_asked(self.teams, arm, recorded)
