"""The fifteen points of an alert, always in this order, so that a reader finds them unread.

First what is asked, of whom and by when; last what may be answered and what stays open
whatever the answer is. A point with nothing to say says so: silence is not "all well".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kinbridge.reading.words import (
    answer,
    day,
    gestation,
    listed,
    moment,
    occurred,
    sentence,
    why_this_team,
    words,
)
from kinbridge_schemas.alerts import AlertRevision, Item, TeamAlert
from kinbridge_schemas.concerns import Concern, CpisPlan, ShownFact
from kinbridge_schemas.disclosure import HIDDEN_RULE, is_care_check
from kinbridge_schemas.vocabulary import DisclosureTier, Service

ANSWERS = (
    "acknowledge",
    "health input: there is something, there is nothing, or it may not be said",
    "a verified fact that corrects this",
    "wrong person",
    "cannot share",
    "snooze, with a reason and an end",
    "close, with its outcome",
)
"""What a reader may answer, in the order in which it is offered."""


_NOT_SHOWN = "Not shown with this; ask the contact below."
_SILENT = "no-longer-applies"
_OF_THE_AUTHORITY = "R2"
"""The rule that tells of the authority's own record, and nothing of health's."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its place in the order, its title, and what it says, a line a thing."""

    number: int
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An alert, ready to be laid out. `points` is empty for a restricted family."""

    title: str
    summary: str
    urgency: str
    points: tuple[Point, ...]


def sheet(alert: TeamAlert) -> Sheet:
    """Put an alert into its points."""
    title = f"{alert.urgency} alert to {words(alert.arm)}, authority {alert.authority}"
    summary = (
        f"revision {alert.revision}, because: {words(alert.reason)}; {alert.state}; {alert.alert}"
    )
    if alert.content is None:
        hidden = "Restricted: what it says opens in the console, for those on the case alone."
        return Sheet(title, f"{summary}. {hidden}", alert.urgency, ())
    return Sheet(title, summary, alert.urgency, _points(alert.content))


def _points(alert: AlertRevision) -> tuple[Point, ...]:
    concerns = [item.concern for item in alert.items]
    latest = _latest(concerns)
    said = (
        ("What is asked", _asked(alert, concerns)),
        ("What is new", _changed(alert)),
        ("Whom it concerns", [line for c in latest for line in _whom(c)]),
        ("Expected date or age", [_age(c) for c in latest]),
        ("Handling", [_handling(c) for c in latest]),
        ("Where the case stands", [line for c in latest for line in _situation(c)]),
        ("Facts", _facts(concerns)),
        ("Last seen by a health professional", [_last_seen(c, concerns) for c in latest]),
        ("Next appointment", [_next(c, concerns) for c in latest]),
        ("What was checked", _checks(concerns, latest)),
        ("Why you are told", [_why(c) for c in concerns]),
        ("Whom to reach", _contacts(latest)),
        ("Earlier, and other children", _earlier(alert, latest)),
        ("Who knows, and on what ground", _ground(alert, concerns)),
        ("Your answers, and what stays open", _answers(concerns)),
    )
    return tuple(Point(n, title, tuple(lines)) for n, (title, lines) in enumerate(said, start=1))


def _latest(concerns: Iterable[Concern]) -> list[Concern]:
    """Give the latest account of each child: how it stands is said once, not by each item."""
    found: dict[str, Concern] = {}
    for concern in concerns:
        known = found.get(concern.child)
        if known is None or known.as_of <= concern.as_of:
            found[concern.child] = concern
    return list(found.values())


def _asked(alert: AlertRevision, concerns: list[Concern]) -> list[str]:
    active = [c for c in concerns if c.status == "active"]
    lines = list(dict.fromkeys(c.asked.sentence for c in active))
    if not lines:
        lines = ["Nothing more is asked: no item of this alert is active."]
    if alert.team is not None:
        lines.append(f"For {alert.team.title}: {why_this_team(alert.team.found)}.")
    by = f", by {moment(alert.ask_by)}" if alert.ask_by and active else ""
    lines.append(f"Owner: {words(alert.owner)}; cover: {words(alert.cover)}{by}.")
    if copies := dict.fromkeys(role for c in active for role in c.asked.copies):
        lines.append(f"Copies: {listed(tuple(copies))}.")
    return lines


def _changed(alert: AlertRevision) -> list[str]:
    lines = [alert.what_changed]
    for item in alert.items:
        mark = _mark(alert, item)
        lines.append(f"{mark}: {_short(item.concern)}")
    return [*lines, f"As of {moment(alert.as_of)}."]


def _mark(alert: AlertRevision, item: Item) -> str:
    concern = item.concern
    if concern.status == "withdrawn":
        newly = " now" if concern.concern in alert.corrected else ""
        return f"WITHDRAWN{newly}"
    if concern.status == "ended":
        return "ENDED"
    if concern.concern in alert.new:
        return "NEW"
    return "CORRECTED" if concern.concern in alert.corrected else "as before"


def _short(concern: Concern) -> str:
    reason = f" ({words(concern.withdrawn)})" if concern.withdrawn else ""
    return f"{_rule(concern)}, {concern.urgency}{reason}: {concern.why}"


def _whom(concern: Concern) -> list[str]:
    whom = concern.whom
    label, ids = whom.label, []
    if whom.name and whom.unborn:
        label = f"{label} of {whom.name.reveal()}"
    elif whom.name:
        ids.append(f"name {whom.name.reveal()}")
    if whom.la_child_id:
        ids.append(f"authority's id {whom.la_child_id.reveal()}")
    if whom.nhs_number:
        ids.append(f"NHS number {whom.nhs_number.reveal()}")
    known = "; ".join(ids) or "no identifiers shown"
    return [label, f"{sentence(known)}. Matched by {words(whom.matched_by)}."]


def _age(concern: Concern) -> str:
    whom = concern.whom
    if whom.born:
        return f"Born {day(whom.born)}."
    if whom.edd is None:
        return "No expected date shown." if whom.unborn else "Date of birth not shown."
    today = f"; {gestation(whom.gestation_days)} today" if whom.gestation_days else ""
    return f"Expected {day(whom.edd)}, as said by {words(whom.edd_source)}{today}."


def _handling(concern: Concern) -> str:
    limits = listed(concern.handling) if concern.handling else "no note on record"
    restricted = concern.whom.restriction
    place = "" if restricted == "none" else f"; record restricted ({words(restricted)})"
    return f"{sentence(limits)}{place}."


def _situation(concern: Concern) -> list[str]:
    at = concern.situation
    yes = [
        said
        for said, holds in (
            ("child protection plan open", at.protection_plan),
            ("s47 enquiry open", at.s47_open),
            ("looked after", at.looked_after),
        )
        if holds
    ]
    tier = at.tier_title or sentence(words(at.tier))
    lines = [f"{tier}. {sentence(', '.join(yes) or 'no plan, no enquiry')}."]
    if at.pre_birth_assessment != "none":
        lines.append(f"Pre-birth assessment: {words(at.pre_birth_assessment)}.")
    if at.next_meeting:
        kind = words(at.next_meeting_kind or "meeting")
        lines.append(f"Next meeting: {kind}, {moment(at.next_meeting)}.")
    elif at.meeting_cancelled:
        lines.append("The planned meeting was cancelled by the authority.")
    if concern.cpis:
        lines.append(cpis_line(concern.cpis))
    return lines


def cpis_line(plan: CpisPlan) -> str:
    """Say what CP-IS knows. It is health's view: the lines above are the authority's own."""
    held = f" with {plan.authority}" if plan.authority else ", authority not shown"
    since = f", since {day(plan.since)}" if plan.since else ""
    desks = [
        f"{when} {phone}"
        for when, phone in (
            ("office hours", plan.office_hours),
            ("out of hours", plan.out_of_hours),
        )
        if phone
    ]
    reach = f"; {', '.join(desks)}" if desks else ""
    return f"CP-IS, as health sees it: {words(plan.status)}{held}{since}{reach}."


def _facts(concerns: Iterable[Concern]) -> list[str]:
    facts: dict[str, ShownFact] = {}
    for fact in (f for c in concerns for f in c.facts):
        if fact.withdrawn or fact.fact not in facts:
            facts[fact.fact] = fact
    ordered = sorted(facts.values(), key=lambda f: (f.occurred.at, f.fact))
    return [_fact(f) for f in ordered] or ["None shown to you; ask the contact below."]


def _fact(fact: ShownFact) -> str:
    where = ", ".join(part for part in (fact.provider, fact.place) if part)
    said_by = f" ({where})" if where else ""
    gone = " — withdrawn" if fact.withdrawn else ""
    service = "" if fact.service is Service.UNKNOWN else f"{words(fact.service)}, "
    return (
        f"{occurred(fact.occurred)}: {service}{words(fact.outcome)}{said_by}, "
        f"from {words(fact.source)}{gone}"
    )


def _last_seen(of: Concern, concerns: list[Concern]) -> str:
    telling = _telling_of_care(of, concerns)
    if telling is None:
        return _NOT_SHOWN
    return f"{moment(telling.last_seen)}." if telling.last_seen else "Not known to us."


def _next(of: Concern, concerns: list[Concern]) -> str:
    telling = _telling_of_care(of, concerns)
    if telling is None:
        return _NOT_SHOWN
    return f"{moment(telling.next_appointment)}." if telling.next_appointment else "None known."


def _telling_of_care(of: Concern, concerns: list[Concern]) -> Concern | None:
    """Give the latest account of the child that may tell of care, if any may."""
    found = [
        c
        for c in concerns
        if c.child == of.child
        and c.tier is DisclosureTier.CONTENT
        and c.withdrawn != _SILENT
        and c.rule != _OF_THE_AUTHORITY
    ]
    return max(found, key=lambda c: c.as_of, default=None)


def _checks(concerns: list[Concern], of_child: list[Concern]) -> list[str]:
    # What was found once an item ended stands where no active item looked for it again.
    in_turn = sorted(concerns, key=lambda c: (c.status == "active", c.as_of))
    latest = {k.what: k for c in in_turn for k in c.checks if not is_care_check(k)}
    # Brothers and sisters are asked about one by one: silence about one is not the other's.
    searched = {(k.what, k.answer): k for c in of_child for k in c.checks if is_care_check(k)}
    return [
        f"{sentence(words(check.what))}: {answer(check)}"
        + (f", as of {moment(check.as_of)}." if check.as_of else ".")
        for check in (*latest.values(), *searched.values())
    ] or ["No check is shown with this."]


def _why(concern: Concern) -> str:
    return f"{_rule(concern)}: {concern.why} {concern.threshold}".strip()


def _rule(concern: Concern) -> str:
    return "a rule not shown to you" if concern.rule == HIDDEN_RULE else concern.rule


def _contacts(latest: Iterable[Concern]) -> list[str]:
    lines = []
    for contact in dict.fromkeys(contact for c in latest for contact in c.contacts):
        desk = " ".join(p for p in (words(contact.team or ""), contact.phone) if p)
        who = f" {contact.worker}" if contact.worker else ""
        lines.append(f"{sentence(words(contact.role))}{who}: {desk or 'no desk on record'}.")
    return lines or ["No contact on record."]


def _earlier(alert: AlertRevision, latest: list[Concern]) -> list[str]:
    lines = [
        f"Revision {told.revision}, {moment(told.at)}: {words(told.reason)}."
        for told in alert.told
    ]
    if alert.predecessor:
        lines.append(f"Follows the closed alert {alert.predecessor}.")
    if len(latest) > 1:
        lines.append(f"{len(latest)} children of this family are in this alert.")
    return lines or ["Nothing was said of this family before."]


def _ground(alert: AlertRevision, concerns: Iterable[Concern]) -> list[str]:
    lines = []
    if alert.acknowledgement:
        taken = alert.acknowledgement
        lines.append(
            f"Taken on by {taken.by}, {words(taken.role)}, at {moment(taken.at)}; "
            f"holds until {moment(taken.until)}."
        )
    else:
        lines.append("Nobody has taken it on yet.")
    if alert.escalated_to:
        lines.append(f"Passed on to: {listed(alert.escalated_to)}.")
    if alert.suppressed:
        lines.append(f"Kept back by rule: {listed(tuple(s.rule for s in alert.suppressed))}.")
    for basis, tier in dict.fromkeys((c.basis, c.tier) for c in concerns):
        lines.append(
            f"Ground {basis.code}: {basis.purpose}. {basis.statutory_power}; UK GDPR "
            f"{basis.gdpr_art6}, {basis.gdpr_art9}; {basis.dpa_schedule}; confidentiality: "
            f"{basis.confidentiality_ground}. Policy {basis.policy_version}. {words(tier)}."
        )
    return [*lines, "Pass on only what the reader's own task on this case needs."]


def _answers(concerns: Iterable[Concern]) -> list[str]:
    stays = dict.fromkeys(code for c in concerns for code in c.stays_open)
    return [
        f"You may answer: {'; '.join(ANSWERS)}.",
        f"Stays open whatever you answer: {listed(tuple(stays))}."
        if stays
        else "What stays open is for the lead practitioner to say.",
    ]
