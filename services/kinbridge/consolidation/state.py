"""What consolidation keeps of one family: for each team the open alert and a short memory.

Everything in it is taken from the accounts themselves and their recorded times, by least and
latest, so that the order in which facts arrive between two clock records leaves no trace in it.
Only `told` and `revision` are history: they count what was in fact said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from kinbridge_schemas.alerts import (
    Acknowledgement,
    AlertId,
    EscalationStep,
    Told,
)
from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef, FamilyRef
from kinbridge_schemas.vocabulary import ServiceArm, Urgency

Stage = Literal["open", "acknowledged", "snoozed", "closed"]
ARMS: tuple[ServiceArm, ...] = ("family-help", "macpt")


class Said(Value):
    """An account of a concern as readers last had it. `shown` is a digest of its facts."""

    status: Literal["active", "withdrawn", "ended"]
    urgency: Urgency
    team: Code | None = None
    shown: Id
    as_of: AwareDatetime


class Kept(Value):
    """One concern in an alert: the account that holds, and what readers had of it.

    `since` is the recorded time of the earliest account that nobody was told of; `seen` that
    of the account that holds. `held_until` waits for items from the family the child left.
    `left` says that the child has moved to another family.
    """

    concern: Concern
    added: AwareDatetime
    seen: AwareDatetime
    since: AwareDatetime | None
    said: Said | None = None
    answered: tuple[Code, ...] = ()
    held_until: AwareDatetime | None = None
    left: bool = False

    @property
    def live(self) -> bool:
        return self.concern.status == "active" and not self.left


class Address(Value):
    """Where items of an alert went, and when: an answer follows only to a later address."""

    family: FamilyRef
    at: AwareDatetime


class Alert(Value):
    """One opening of an alert for one team.

    `answer_by` is when an acknowledgement is missed: the plan of escalation counts from it.
    `reminded` is when somebody was last told of the miss, by a step of the plan or a reminder.
    `calm` is the urgency at which it was acknowledged or snoozed, and `known` the rules it had
    then: anything more urgent or never suppressed wakes it, after a snooze any other kind too.
    """

    alert: AlertId
    opening: int
    authority: AuthorityCode
    arm: ServiceArm
    stage: Stage = "open"
    items: tuple[Kept, ...] = ()
    revision: int = 0
    told: tuple[Told, ...] = ()
    answer_by: AwareDatetime | None = None
    escalation: tuple[EscalationStep, ...] = ()
    escalated: int = 0
    reminded: AwareDatetime | None = None
    reminders: int = 0
    acknowledgement: Acknowledgement | None = None
    snoozed_until: AwareDatetime | None = None
    calm: Urgency | None = None
    known: frozenset[str] = frozenset()
    heard: tuple[Id, ...] = ()
    predecessor: AlertId | None = None
    moved_to: tuple[Address, ...] = ()
    closed: AwareDatetime | None = None

    def find(self, concern: Id) -> Kept | None:
        return next((k for k in self.items if k.concern.concern == concern), None)

    def with_item(self, kept: Kept) -> Alert:
        """The alert with an item added or changed, oldest first."""
        others = [k for k in self.items if k.concern.concern != kept.concern.concern]
        items = sorted([*others, kept], key=lambda k: (k.added, k.concern.concern))
        return self.model_copy(update={"items": tuple(items)})

    @property
    def live(self) -> tuple[Kept, ...]:
        return tuple(k for k in self.items if k.live)

    @property
    def asks(self) -> bool:
        """Whether readers have been told of something that still stands."""
        return any(k.live and k.said is not None and k.said.status == "active" for k in self.items)

    @property
    def urgency(self) -> Urgency:
        """That of the most urgent item that stands, else of the most urgent of all."""
        among = self.live or self.items
        return min((k.concern.urgency for k in among), default=Urgency.U4)


class Arm(Value):
    """All alerts of a family for one team: at most one of them is open."""

    arm: ServiceArm
    openings: int = 0
    open: Alert | None = None
    closed: tuple[Alert, ...] = ()

    def numbered(self, alert: AlertId) -> Alert | None:
        every = (*self.closed, self.open) if self.open else self.closed
        return next((a for a in every if a.alert == alert), None)

    def with_alert(self, alert: Alert) -> Arm:
        """The arm with an alert in its place: among the closed as soon as it is closed."""
        if alert.stage != "closed":
            return self.model_copy(update={"open": alert})
        if self.open is not None and self.open.alert == alert.alert:
            return self.model_copy(update={"open": None, "closed": (*self.closed, alert)})
        closed = tuple(alert if a.alert == alert.alert else a for a in self.closed)
        return self.model_copy(update={"closed": closed})


class Home(Value):
    """Where a child is that came or went: by the highest revision of the child's record.

    `came_from` is the family it left for this one; `waiting` the teams whose items that family
    has not handed over yet.
    """

    child: ChildRef
    family: FamilyRef
    record_revision: int
    at: AwareDatetime
    came_from: FamilyRef | None = None
    waiting: tuple[ServiceArm, ...] = ()

    @property
    def mark(self) -> tuple[int, datetime]:
        return (self.record_revision, self.at)


class FamilyState(Value):
    """Everything kept of one family. `homes` are of children that came or went, no others."""

    family_help: Arm = Arm(arm="family-help")
    macpt: Arm = Arm(arm="macpt")
    homes: tuple[Home, ...] = ()

    def of(self, arm: ServiceArm) -> Arm:
        return self.macpt if arm == "macpt" else self.family_help

    def with_arm(self, arm: Arm) -> FamilyState:
        field = "macpt" if arm.arm == "macpt" else "family_help"
        return self.model_copy(update={field: arm})

    def home(self, child: ChildRef) -> Home | None:
        return next((h for h in self.homes if h.child == child), None)

    def with_home(self, home: Home) -> FamilyState:
        others = [h for h in self.homes if h.child != home.child]
        homes = sorted([*others, home], key=lambda h: h.child)
        return self.model_copy(update={"homes": tuple(homes)})
