"""Put what an event tells on the record: as facts, each in its latest account.

Telling the same twice, or an older account after a newer one, changes nothing. So what the
record says never depends on the order in which events came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kinbridge.linking.case import involvement_parts
from kinbridge.linking.documents import (
    Birth,
    ChildDocument,
    Claim,
    Due,
    Involvement,
    Unborn,
    latest_account,
)
from kinbridge.linking.parties import OWN, Party, parties_of
from kinbridge.linking.registry import Registry
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.maternity import BirthNotified, EddRevised, MaternityBooked
from kinbridge_schemas.events.persons import EddChanged, UnbornBorn, UnbornRegistered
from kinbridge_schemas.identifiers import ChildRef, Pseudonymiser, SubjectKey
from kinbridge_schemas.vocabulary import Role

REGISTERS: Final = frozenset({"person_registered", "unborn_registered", "unborn_born"})
"""Kinds whose retraction takes back what they said of the person."""

OF_PREGNANCY: Final = (EddRevised, MaternityBooked, BirthNotified)
"""What health says of a mother that is told on her unborn child's record."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An event on its way into the registry. `now` is when its message was received."""

    event: ChildEvent
    parties: tuple[Party, ...]
    registry: Registry
    pseudonymiser: Pseudonymiser
    now: datetime

    @property
    def word(self) -> dict[str, Any]:
        """Whose word it is: what every fact on the record carries."""
        event = self.event
        return {
            "event": event.id,
            "source": event.source,
            "version": event.version,
            "act": event.act,
            "occurred": event.occurred,
            "observed": event.observed,
        }


def telling(
    event: ChildEvent, registry: Registry, pseudonymiser: Pseudonymiser, now: datetime
) -> Telling:
    return Telling(event, parties_of(event, pseudonymiser), registry, pseudonymiser, now)


def ref_of(la_key: SubjectKey, pseudonymiser: Pseudonymiser) -> ChildRef:
    """Give the reference of the child that an authority knows by an id."""
    return pseudonymiser.child(la_key)


def own_changes(to: Telling, document: ChildDocument, party: Party) -> dict[str, Any]:
    """Give what an authority's event changes of its child's document, relations left out."""
    known_id = document.la_child_id or (party.subject.la_child_id if party.la_key else None)
    return {
        "since": min(document.since, to.now),
        "la_child_id": known_id,
        "claims": _claims(to, document.claims, party),
        "involvements": _involvements(to, document.involvements),
        "unborn": _unborn(to, document.unborn),
        "dues": _own_dues(to, document.dues),
    }


def _claims(to: Telling, known: Mapping[str, Claim], party: Party) -> Mapping[str, Claim]:
    subject, event = party.subject, to.event
    claim = Claim(
        role=Role.UNBORN if subject.role is Role.UNBORN else Role.CHILD,
        nhs_number=party.nhs_number,
        nhs_key=party.nhs_key,
        name=subject.name,
        born=subject.born,
        confirmed=event.observed,
        **to.word,
    )
    if event.detail.kind in REGISTERS:
        return latest_account(known, event.fact, claim)
    if event.act == "retract":
        return known
    # Other events repeat what is known of the child: one entry for each different saying, with
    # the first that said so and when it was last said.
    # With the child in it, so that two children of one birthday have no hash in common.
    said = "|".join((*party.keys[:1], *_content(claim)))
    name = to.pseudonymiser.fingerprint(said.encode())
    before = known.get(name)
    if before is None:
        return {**known, name: claim}
    confirmed = max(before.confirmed, claim.confirmed)
    first = min(before, claim, key=lambda c: (c.observed, c.event))
    if first is before and confirmed == before.confirmed:
        return known
    return {**known, name: first.model_copy(update={"confirmed": confirmed})}


def _content(claim: Claim) -> tuple[str, ...]:
    born = claim.born.isoformat() if claim.born else ""
    return (claim.role.value, claim.nhs_key or "", claim.name.reveal() if claim.name else "", born)


def _involvements(to: Telling, known: Mapping[str, Involvement]) -> Mapping[str, Involvement]:
    for part, about, holds in involvement_parts(to.event):
        word = to.word if holds else {**to.word, "act": "retract"}
        told = Involvement(part=part, about=about, **word)
        known = latest_account(known, f"{to.event.fact}:{part}", told)
    return known


def _unborn(to: Telling, known: Mapping[str, Unborn]) -> Mapping[str, Unborn]:
    detail = to.event.detail
    if isinstance(detail, UnbornRegistered):
        return latest_account(known, to.event.fact, Unborn(**to.word))
    if isinstance(detail, UnbornBorn):
        return latest_account(known, to.event.fact, Unborn(born=True, **to.word))
    return known


def _own_dues(to: Telling, known: Mapping[str, Due]) -> Mapping[str, Due]:
    detail = to.event.detail
    if isinstance(detail, EddChanged | UnbornRegistered) and detail.edd is not None:
        return latest_account(known, to.event.fact, Due(edd=detail.edd, **to.word))
    return known


# -- what maternity says of a child who is, or was, unborn on the record


def tell_health(to: Telling, ref: ChildRef, held: SubjectKey | None) -> bool:
    """Put what maternity says on the record of a child. Gives whether anything changed."""
    document, detail, fact = to.registry.child(ref), to.event.detail, to.event.fact
    if document is None or held is None:
        return False
    after = document
    if isinstance(detail, EddRevised | MaternityBooked) and detail.edd is not None:
        due = Due(edd=detail.edd, maternity=True, via=held, **to.word)
        after = document.model_copy(update={"dues": latest_account(document.dues, fact, due)})
    elif isinstance(detail, BirthNotified):
        births = latest_account(document.births, fact, _birth(to, detail, held))
        after = document.model_copy(update={"births": births})
    if after == document:
        return False
    to.registry.put_child(after)
    return True


def _birth(to: Telling, detail: BirthNotified, mother: SubjectKey) -> Birth:
    baby = next((p for p in to.parties if p.role in OWN), None)
    return Birth(
        mother=mother,
        live=detail.live,
        births=detail.births,
        born=(baby.subject.born if baby else None) or to.event.occurred.at,
        baby_key=baby.nhs_key if baby else None,
        baby_number=baby.nhs_number if baby else None,
        **to.word,
    )
