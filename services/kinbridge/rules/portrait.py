"""What every concern about one child shows alike: whom, how it stands, whom to reach. Pure.

Made once for each evaluation, and only what is asked for: most events bring no concern.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.rules.elsewhere import cpis_plan
from kinbridge.rules.leads import leads, next_end, teams_recorded
from kinbridge.rules.pregnancy import born, expected, gestation, last_seen, next_appointment
from kinbridge.rules.retrieved import care_checks
from kinbridge.rules.situation import (
    agreed,
    enquiries,
    helped,
    in_need,
    looked_after,
    meetings,
    plans,
    pre_birth,
    restriction,
    situation,
)
from kinbridge.rules.state import AskedOf
from kinbridge.rules.view import View
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.concerns import Check, Contact, CpisPlan, Situation, TeamAsked, Whom
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.events.protection import StrategyDiscussionCancelled
from kinbridge_schemas.linked import Restriction
from kinbridge_schemas.vocabulary import AppointmentStatus, RoleCode, ServiceArm, Urgency

OUT_OF_HOURS: Final = "out_of_hours"
"""The role under which an out-of-hours desk stands among the contacts."""


class Portrait:
    """The child as an alert shows it, at a time. The same picture and clock give the same."""

    def __init__(self, view: View, clock: datetime, policy: Partnership) -> None:
        self.view: Final = view
        self.asked: Mapping[Id, AskedOf] = {}
        self.policy: Final = policy
        self.as_of: Final = max(clock, view.picture.recorded)

    @cached_property
    def restriction(self) -> Restriction:
        return restriction(self.view.record)

    @cached_property
    def situation(self) -> Situation:
        found = situation(self.view, self.as_of)
        return found.model_copy(update={"tier_title": self.policy.tiers.get(found.tier)})

    @cached_property
    def protected(self) -> bool:
        held = self.situation
        return held.protection_plan or held.s47_open or held.looked_after

    @cached_property
    def last_seen(self) -> datetime | None:
        return last_seen(self.view)

    @cached_property
    def next_appointment(self) -> datetime | None:
        return next_appointment(self.view, self.as_of)

    @cached_property
    def cpis(self) -> CpisPlan | None:
        return cpis_plan(self.view, self.as_of)

    @cached_property
    def whom(self) -> Whom:
        record = self.view.record
        edd, source = expected(self.view) if record.unborn else (None, "none")
        birth = born(self.view)
        unborn = record.unborn and birth is None
        return Whom(
            child=record.child,
            label="Unborn baby" if unborn else _label(self, birth),
            la_child_id=record.la_child_id,
            nhs_number=record.nhs_number,
            name=record.name or (record.mother_name if unborn else None),
            matched_by=record.matched_by,
            unborn=unborn,
            edd=edd,
            edd_source=source,
            gestation_days=_still(self, birth),
            born=birth,
            restriction=self.restriction,
        )

    @cached_property
    def agreed(self) -> bool:
        return agreed(self.view, self.policy.agreement_scope)

    @cached_property
    def handling(self) -> tuple[str, ...]:
        codes = ["speak-to-lead-practitioner-first"] if self.protected else []
        codes.append("family-agreed-to-sharing" if self.agreed else "family-not-asked")
        return ("restricted-record", *codes) if self.restriction != "none" else tuple(codes)

    @cached_property
    def care_checks(self) -> tuple[Check, ...]:
        return care_checks(self.view, self.asked)

    @cached_property
    def stays_open(self) -> tuple[str, ...]:
        """What goes on whatever the answer: never ended by anything said here."""
        held = self.situation
        codes = {
            "child-protection-plan": held.protection_plan,
            "section-47-enquiry": held.s47_open,
            "looked-after": held.looked_after,
            "pre-birth-assessment": held.pre_birth_assessment in {"required", "started"},
            "child-in-need-plan": in_need(self.view),
            "family-help": helped(self.view),
            "strategy-discussion": any(
                m.kind == "strategy-discussion" and m.at >= self.as_of for m in meetings(self.view)
            ),
        }
        return tuple(code for code, still in codes.items() if still)

    @cached_property
    def leads(self) -> tuple[Contact, ...]:
        """Those who hold the case, by role, each with the desk that reaches them."""
        return leads(self.view, self.as_of)

    @property
    def lead_ends(self) -> datetime | None:
        """When one of the leads leaves the case: then the team may be another."""
        return next_end(self.view, self.as_of)

    @cached_property
    def _recorded(self) -> tuple[Code, ...]:
        return teams_recorded(self.view, self.as_of)

    def team(self, arm: ServiceArm) -> TeamAsked:
        """Which team of an arm is asked about the child, and why that one."""
        return self.policy.team_asked(arm, self._recorded)

    @cached_property
    def asked_teams(self) -> frozenset[Code]:
        """The team of each arm that is asked: a role is reached there before anywhere else."""
        return frozenset(self.team(arm).code for arm in self.policy.arms())

    def contacts(
        self, roles: tuple[RoleCode, ...], arm: ServiceArm, urgency: Urgency
    ) -> tuple[Contact, ...]:
        """Whom a reader can reach: who holds the case, the roles asked, and out of hours."""
        found = list(self.leads)
        for role in roles:
            held = self.policy.post(role, arm, self.asked_teams)
            if held is None:
                continue
            team, post = held
            if post.desk:
                found.append(Contact(role=role, team=team.code, phone=post.desk.phone))
            pages = self.policy.urgencies[urgency].out_of_hours == "page"
            if post.out_of_hours and pages:
                phone = post.out_of_hours.phone
                found.append(Contact(role=OUT_OF_HOURS, team=team.code, phone=phone))
        return tuple(dict.fromkeys(found))

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What, when it changes, makes an account of a concern a new one. Free of the clock."""
        record = self.view.record
        spans = (*plans(self.view), *enquiries(self.view), *looked_after(self.view))
        return (
            record.family,
            record.unborn,
            record.nhs_number is not None,
            self.restriction,
            sorted((s.start.fact, s.end.timestamp() if s.end else 0) for s in spans),
            pre_birth(self.view),
            [(m.at.timestamp(), m.kind) for m in meetings(self.view)],
            self.view.has(StrategyDiscussionCancelled),
            self.agreed,
        )

    @cached_property
    def booked(self) -> tuple[float, ...]:
        """When the antenatal appointments are that are booked; free of the clock."""
        # As numbers: a time has another repr once it has been through the store.
        booked = AppointmentStatus.BOOKED
        known = self.view.of(AntenatalAppointment)
        return tuple(sorted(d.start.timestamp() for _, d in known if d.status is booked))


def _label(portrait: Portrait, birth: datetime | None) -> str:
    newborn = birth is not None and (portrait.as_of - birth).days < 28  # noqa: PLR2004 - the neonatal period
    return "Newborn baby" if newborn else "Child"


def _still(portrait: Portrait, birth: datetime | None) -> int | None:
    if not portrait.view.record.unborn or birth is not None:
        return None
    return gestation(portrait.view, portrait.as_of)
