"""Put on a child's record who is related to it, and which other record is the same child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kinbridge.linking.case import involvement_parts
from kinbridge.linking.documents import ChildDocument, Claim, Join, Relation, latest_account
from kinbridge.linking.parties import OWN, PARENTAL, Party
from kinbridge.linking.telling import REGISTERS, Telling, own_changes, ref_of
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.persons import (
    PersonMerged,
    RelationshipEnded,
    RelationshipRecorded,
    UnbornBorn,
)
from kinbridge_schemas.identifiers import ChildRef, SubjectKey


class _Other(NamedTuple):
    """The other record of a child, by its key; the party too where the event names it."""

    ref: ChildRef
    key: SubjectKey
    party: Party | None


def tell_own(to: Telling, ref: ChildRef, party: Party) -> bool:
    """Put an authority's event on its child's record.

    Gives whether anything changed that the record is made of.
    """
    before = to.registry.child(ref)
    document = _fresh(to, ref, party, before) if before is None or before.ended else before
    changes = own_changes(to, document, party)
    changes["relations"] = _relations(to, document.relations, party)
    other = _same_child(to, ref, party)
    if other is not None:
        join = Join(other=other.ref, **to.word)
        changes["joins"] = latest_account(document.joins, to.event.fact, join)
        _join_back(to, document, other)
    # What stayed as it was is the same object: nothing needs to be compared in depth.
    new = {name for name, value in changes.items() if value is not getattr(document, name)}
    if before is not None and not new:
        return False
    to.registry.put_child(document.model_copy(update=changes))
    if document is not before or new != {"claims"}:
        return True
    return _ranking(document.claims) != _ranking(changes["claims"])


def _ranking(claims: Mapping[str, Claim]) -> list[tuple[str, str, bool]]:
    """Give what a record is made of. That something known was said again is no part of it."""
    order = sorted(claims, key=lambda name: claims[name].latest)
    return [(name, claims[name].event, claims[name].stands) for name in order]


def _fresh(
    to: Telling, ref: ChildRef, party: Party, purged: ChildDocument | None
) -> ChildDocument:
    return ChildDocument(
        child=ref,
        authority=to.event.authority or "",
        la_key=party.la_key,
        since=to.now,
        revision=purged.revision if purged else 0,
    )


# -- who is related


def _relations(to: Telling, known: Mapping[str, Relation], child: Party) -> Mapping[str, Relation]:
    detail, fact = to.event.detail, to.event.fact
    if isinstance(detail, RelationshipRecorded | RelationshipEnded):
        return latest_account(known, fact, _recorded(to, detail, child))
    opens = any(part == "start" for part, _, _ in involvement_parts(to.event))
    if not opens and detail.kind not in REGISTERS:
        return known
    accounts = [r for name, r in known.items() if name.startswith(f"{fact}:")]
    if any(r.version.later_than(to.event.version) for r in accounts):
        return known
    # A later account may name fewer people: then those of the earlier one are so no more.
    if any(to.event.version.later_than(r.version) for r in accounts):
        known = {n: r for n, r in known.items() if not n.startswith(f"{fact}:")}
    for party in to.parties:
        if party.role in PARENTAL and (party.keys or party.subject.name):
            told = _mentioned(to, party)
            known = latest_account(known, f"{fact}:{told.relationship}", told)
    return known


def _recorded(
    to: Telling, detail: RelationshipRecorded | RelationshipEnded, child: Party
) -> Relation:
    first = to.parties[0] is child
    other = next((p for p in to.parties if p is not child), None)
    return _relation(
        to,
        other,
        relationship=detail.relationship_id,
        part="start" if isinstance(detail, RelationshipRecorded) else "end",
        relation=detail.relation if first or other is None else other.role,
        main_carer=isinstance(detail, RelationshipRecorded) and detail.main_carer,
    )


def _mentioned(to: Telling, party: Party) -> Relation:
    name = party.subject.name.reveal() if party.subject.name else ""
    known_by = party.keys[0] if party.keys else to.pseudonymiser.fingerprint(name.encode())
    relationship = derive_id("relationship", to.event.fact, party.role.value, known_by)
    return _relation(to, party, relationship=relationship, relation=party.role)


def _relation(to: Telling, other: Party | None, **said: Any) -> Relation:
    return Relation(
        keys=other.keys if other else (),
        nhs_number=other.nhs_number if other else None,
        name=other.subject.name if other else None,
        born=other.subject.born if other else None,
        **said,
        **to.word,
    )


# -- two records that are one child


def _same_child(to: Telling, ref: ChildRef, party: Party) -> _Other | None:
    detail = to.event.detail
    if isinstance(detail, PersonMerged) and party.la_key is not None:
        named = next((p for p in to.parties if p.la_key == detail.into), None)
        other = ref_of(detail.into, to.pseudonymiser)
        return _Other(other, detail.into, named) if other != ref else None
    if isinstance(detail, UnbornBorn) and to.parties[0] is party:
        for each in to.parties[1:]:
            if each.role in OWN and each.la_key is not None and each.la_key != party.la_key:
                return _Other(ref_of(each.la_key, to.pseudonymiser), each.la_key, each)
    return None


def _join_back(to: Telling, document: ChildDocument, other: _Other) -> None:
    known = to.registry.child(other.ref)
    before = known or ChildDocument(
        child=other.ref, authority=document.authority, la_key=other.key, since=to.now
    )
    join = Join(other=document.child, **to.word)
    changes: dict[str, Any] = {
        "since": min(before.since, to.now),
        "joins": latest_account(before.joins, to.event.fact, join),
    }
    if other.party is not None:
        changes["la_child_id"] = before.la_child_id or other.party.subject.la_child_id
    after = before.model_copy(update=changes)
    if after != known and not before.ended:
        to.registry.put_child(after)
