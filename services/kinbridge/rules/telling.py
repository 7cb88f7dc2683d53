"""From what a rule found to what one team may be told: recipient, tier, ground, words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.model import Partnership
from kinbridge.partnership.terms import Recipient, RuleTerms
from kinbridge.rules.finding import SILENT, Ask, Finding, Shown, concern_id, verified
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.r13_corrections import sentence
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.concerns import Asked, Concern, ShownFact, Whom
from kinbridge_schemas.disclosure import OWN_WORDS, disclose
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.events.persons import UnbornBorn, UnbornRegistered
from kinbridge_schemas.vocabulary import (
    DisclosureTier,
    InputStatus,
    Occurred,
    Precision,
    RoleCode,
    Service,
    ServiceArm,
)

_OF_THE_AUTHORITY: Final = frozenset({"R2", "R5"})
_ENDED: Final = {
    "data": "Health has answered: it has information about this child. Please speak to the role"
    " named.",
    "no-data": "Health has answered: it looked and has nothing about this child.",
    "not-permitted": "Health has answered that it may not say.",
    "asked-already": "Health was asked this before.",
    "no-ground-recorded": "The ground for asking is no longer recorded, so nothing more is asked.",
    "case-closed": "The case is closed, and nothing more is asked.",
    "authorised": "The assessment is authorised, and nothing more is asked.",
    "answered-by-health": "Health has answered its invitation.",
    "meeting-called-off": "The planned meeting was cancelled by the authority.",
    "meeting-held": "The meeting was held.",
    "meeting-time-passed": "The time of the meeting has come.",
    "waived": "The authority decided that no assessment is needed.",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One finding for one team. `basis` is None where nothing allows it to be shared."""

    concern: str
    finding: Finding
    arm: ServiceArm
    owner: RoleCode
    copies: tuple[RoleCode, ...]
    tier: DisclosureTier
    basis: LawfulBasis | None

    @property
    def roles(self) -> tuple[RoleCode, ...]:
        return (self.owner, *self.copies)


def terms_of(policy: Partnership, rule: str) -> RuleTerms:
    return policy.rules.sharing()[rule.lower()]


def tellings(portrait: Portrait, finding: Finding) -> Iterator[Telling]:
    """Whom a finding is for, one for each team."""
    terms = terms_of(portrait.policy, finding.rule)
    code = terms.basis.get(finding.standing) if finding.standing else None
    basis = portrait.policy.basis(code, london_date(portrait.as_of)) if code else None
    child = portrait.view.record.child
    held = portrait.situation
    planned = held.protection_plan or held.s47_open
    for recipient in _recipients(terms, finding, planned=planned):
        owner = finding.ask.owner or recipient.owner
        yield Telling(
            concern=concern_id(finding.rule, child, recipient.arm, finding.about),
            finding=finding,
            arm=recipient.arm,
            owner=owner,
            copies=tuple(role for role in recipient.copies if role != owner),
            tier=_tier(recipient, finding),
            basis=basis,
        )


def _recipients(terms: RuleTerms, finding: Finding, *, planned: bool) -> tuple[Recipient, ...]:
    """Who is told. Those who hold a plan are told of a looked-after child's facts as well."""
    special = tuple(r for r in terms.recipients if r.situation == "looked-after")
    general = tuple(r for r in terms.recipients if r.situation == "any")
    if finding.standing != "looked-after" or not special:
        return general
    if not planned:
        return special
    joined = {r.arm: r for r in special}
    for other in general:
        mine = joined.setdefault(other.arm, other)
        roles = dict.fromkeys((*mine.copies, other.owner, *other.copies))
        joined[other.arm] = mine.model_copy(update={"copies": tuple(roles)})
    return tuple(joined.values())


def _tier(recipient: Recipient, finding: Finding) -> DisclosureTier:
    # Family Help rests on agreement, and that reaches no further than existence.
    if finding.standing == "family-help":
        return DisclosureTier.EXISTENCE
    return recipient.tier if finding.protected else recipient.tier_otherwise


def digest(portrait: Portrait, telling: Telling) -> str:
    """What a reader of this tier would see change. The same account has the same digest."""
    finding = telling.finding
    if finding.status != "active":
        return _mark(finding.status, finding.reason)
    parts: list[object] = [
        finding.status,
        finding.urgency.value,
        telling.tier.value,
        telling.basis.code if telling.basis else "",
        telling.roles,
        portrait.team(telling.arm).code,
        finding.ask.by.timestamp() if finding.ask.by else 0,
        portrait.key,
    ]
    if telling.tier is DisclosureTier.CONTENT or finding.rule in OWN_WORDS:
        parts += [
            portrait.booked if finding.rule == "R1" else (),
            finding.stays_open,
            finding.handling,
            finding.why,
            finding.threshold,
            [(s.account.fact, s.outcome, s.at.timestamp(), s.withdrawn) for s in finding.facts],
            [(c.what, _settled(c.answer)) for c in finding.checks],
            portrait.leads,
        ]
    return _mark(*parts)


def _mark(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _settled(answer: InputStatus) -> str:
    # A source that is behind catches up by itself: that is no news to anybody.
    return (InputStatus.NO_DATA if answer is InputStatus.STALE else answer).value


def concern(portrait: Portrait, telling: Telling, basis: LawfulBasis) -> Concern:
    """The concern as this team may see it, every field that its tier allows filled."""
    finding = telling.finding
    if finding.status != "active":
        finding = _taken_back(portrait, finding)
    silent = finding.status == "withdrawn" and finding.reason == SILENT
    # R2 and R5 tell of the authority's own record: care is health's to tell.
    no_care = silent or finding.rule in _OF_THE_AUTHORITY
    policy, view = portrait.policy, portrait.view
    whole = Concern(
        concern=telling.concern,
        rule=finding.rule,
        rule_version=terms_of(policy, finding.rule).version,
        about=finding.about,
        child=view.record.child,
        family=view.record.family,
        authority=policy.authority,
        arm=telling.arm,
        team=portrait.team(telling.arm),
        status=finding.status,
        withdrawn=finding.reason,
        urgency=finding.urgency,
        never_suppressed=finding.never_suppressed,
        tier=telling.tier,
        basis=basis,
        whom=_whom(portrait, telling.tier, silent=silent),
        situation=portrait.situation,
        facts=() if silent else tuple(_fact(shown) for shown in finding.facts),
        corrects=finding.corrects,
        last_seen=None if no_care else portrait.last_seen,
        next_appointment=None if no_care else portrait.next_appointment,
        cpis=None if no_care else portrait.cpis,
        checks=() if silent else (*finding.checks, *(() if no_care else portrait.care_checks)),
        why=finding.why,
        threshold=finding.threshold,
        asked=_asked(portrait, telling, finding.ask),
        contacts=portrait.contacts(_reachable(portrait, telling), telling.arm, finding.urgency),
        handling=(*portrait.handling, *finding.handling),
        stays_open=(*portrait.stays_open, *finding.stays_open),
        record_revision=view.record.revision,
        as_of=portrait.as_of,
    )
    shown = disclose(whole, telling.tier, portrait.restriction != "none")
    # The line itself goes by these; who may not know them does not get them when it is sent.
    kept = {"rule", "rule_version", "about", "never_suppressed"}
    return shown.model_copy(update={name: getattr(whole, name) for name in kept})


def _taken_back(portrait: Portrait, finding: Finding) -> Finding:
    """The same finding in the words of its end."""
    ended = finding.status == "ended"
    if ended:
        why = _ENDED.get(finding.reason or "", "This has ended and nothing more is asked.")
        ask = Ask("note-end", why, owner=finding.ask.owner, request_id=finding.ask.request_id)
    else:
        why = sentence(finding.reason or SILENT)
        ask = Ask(
            "note-correction",
            f"{why} Nothing is asked because of it. What stays open is listed.",
            owner=finding.ask.owner,
        )
    return replace(finding, why=why, ask=ask, facts=_with_verified(portrait, finding))


def _with_verified(portrait: Portrait, finding: Finding) -> tuple[Shown, ...]:
    facts = finding.facts
    corrected = verified(portrait.view, *finding.corrects) if finding.corrects else None
    if corrected is None or finding.reason is None:
        return facts
    account, fact = corrected
    at = fact.last_attended or fact.as_of
    service = facts[0].service if facts else Service.UNKNOWN
    return (*facts, Shown(account, at, service, finding.reason, fact.provider))


def _whom(portrait: Portrait, tier: DisclosureTier, *, silent: bool) -> Whom:
    whom, view = portrait.whom, portrait.view
    if silent:
        return whom.model_copy(update={"edd": None, "edd_source": "none", "gestation_days": None})
    if tier is DisclosureTier.EXISTENCE and view.has(BirthNotified):
        # Health's word of a birth is a fact of health's: the authority's own word is what counts.
        told_born = view.has(UnbornBorn) or not view.has(UnbornRegistered)
        if not told_born:
            name = view.record.name or view.record.mother_name
            return whom.model_copy(update={"unborn": True, "name": name})
    return whom


def _fact(shown: Shown) -> ShownFact:
    account = shown.account
    same = shown.at == account.occurred.at
    precision = account.occurred.precision if same else Precision.INSTANT
    return ShownFact(
        fact=account.fact,
        occurred=Occurred(at=shown.at, precision=precision),
        service=shown.service,
        outcome=shown.outcome,
        provider=shown.provider.name or shown.provider.ods,
        place=shown.place,
        source=account.source,
        withdrawn=shown.withdrawn,
    )


def _asked(portrait: Portrait, telling: Telling, ask: Ask) -> Asked:
    return Asked(
        what=ask.what,
        sentence=ask.sentence,
        owner=telling.owner,
        cover=_cover(portrait, telling),
        copies=telling.copies,
        by=ask.by,
        request_id=ask.request_id,
    )


def _reachable(portrait: Portrait, telling: Telling) -> tuple[RoleCode, ...]:
    return tuple(dict.fromkeys((telling.owner, _cover(portrait, telling), *telling.copies)))


def _cover(portrait: Portrait, telling: Telling) -> RoleCode:
    return portrait.policy.cover(telling.owner, telling.arm, portrait.asked_teams)
