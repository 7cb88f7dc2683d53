"""Who holds the case by the authority's record, and which teams they are of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from kinbridge.rules.picture import Account
from kinbridge.rules.situation import OWN
from kinbridge.rules.view import View
from kinbridge_schemas.base import Code
from kinbridge_schemas.concerns import Contact
from kinbridge_schemas.events.contact import (
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    LeadPractitionerAllocated,
    LeadPractitionerChanged,
)
from kinbridge_schemas.vocabulary import RoleCode

_PHONE: Final = re.compile(r"[0-9+() .-]{3,30}( ?(ext|x)\.? ?[0-9]{1,6})?")

Lead = LeadPractitionerAllocated | LeadPractitionerChanged


def leads(view: View, at: datetime) -> tuple[Contact, ...]:
    """Give those who hold the case at a time, by role, each with the desk that reaches them."""
    return tuple(_contact(lead) for _, lead in _held(view, at))


def next_end(view: View, at: datetime) -> datetime | None:
    """Give when the next of those who hold the case at a time is to leave it, if that is known."""
    return min((lead.until for _, lead in _held(view, at) if lead.until), default=None)


def teams_recorded(view: View, at: datetime) -> tuple[Code, ...]:
    """Give the codes of the teams that hold the case at a time, the latest first.

    A team holds it through whoever leads it, or through Family Help that has not ended.
    """
    over = {detail.episode_id for _, detail in view.of(FamilyHelpEpisodeEnded)}
    found: list[tuple[Account, Code | None]] = [(a, lead.team) for a, lead in _held(view, at)]
    found += [
        (account, begun.team)
        for account, begun in view.of(FamilyHelpEpisodeStarted)
        if begun.episode_id not in over
    ]
    found.sort(key=lambda told: (told[0].occurred.at, told[0].event), reverse=True)
    own = (code for account, code in found if account.relation in OWN and code is not None)
    return tuple(dict.fromkeys(own))


def _held(view: View, at: datetime) -> list[tuple[Account, Lead]]:
    latest: dict[RoleCode, tuple[Account, Lead]] = {}
    for account, lead in _told(view):
        known = latest.get(lead.role)
        newer = known is None or (known[0].occurred.at, known[0].event) < (
            account.occurred.at,
            account.event,
        )
        if newer and (lead.until is None or lead.until > at):
            latest[lead.role] = (account, lead)
    return [held for _, held in sorted(latest.items())]


def _told(view: View) -> Iterator[tuple[Account, Lead]]:
    yield from view.of(LeadPractitionerAllocated)
    yield from view.of(LeadPractitionerChanged)


def _contact(lead: Lead) -> Contact:
    # A desk without a team's name is taken for a place of care and hidden when restricted;
    # this one is the authority's own.
    team = lead.team or "case-holder"
    # It is a field that people type in: what is no number to call is left out.
    said = lead.duty_phone or ""
    phone = said if _PHONE.fullmatch(said) else None
    return Contact(role=lead.role, worker=lead.worker, team=team, phone=phone)
