"""Who the child is, where, to whom related, and under which restriction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from kinbridge_casesystem.child import ChildSnapshot, Details, Relation
from kinbridge_casesystem.claims import DETAILS, Claims, Scope, on
from kinbridge_schemas.base import Id
from kinbridge_schemas.events.persons import (
    AddressChanged,
    EddChanged,
    PersonRegistered,
    PregnancyEnded,
    RecordRestricted,
    RecordUnrestricted,
    RelationshipEnded,
    RelationshipRecorded,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.identifiers import Postcode
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Role

DIED: Final = "RC2"
"""CIN census closure code. Source: CIN census guide, 2023 to 2024: of an unborn child that has
no date of birth it ends the pregnancy, whatever its cause."""

_RESTRICTION: Final = "restriction"
_LOST: Final = "pregnancy-ended"


def details_claims(scope: Scope, details: Details) -> Claims:
    """Give the claims of who the child is, a restriction before all that it covers."""
    scope = scope.inside(DETAILS, "")
    yield from _restricted(scope, details)
    if details.born is not None:
        name = f"{details.first_name or ''}|{details.surname or ''}"
        beside = f"{name}|{details.born.isoformat()}"
        if details.nhs_number:
            beside = f"{beside}|{details.nhs_number}"
        yield scope.claim("person", "", scope.undated, PersonRegistered(), beside)
        if scope.fact("unborn") in scope.remembered.facts:
            yield scope.claim("born", "", on(details.born), UnbornBorn())
    elif details.due is not None:
        yield from _unborn(scope, details.due)
    yield from _moved(scope, details)


def details_marks(scope: Scope, details: Details) -> dict[str, str]:
    """Give what is kept of who the child is, only to be compared with."""
    marks = {"role": (Role.UNBORN if details.is_unborn else Role.CHILD).value}
    if details.postcode:
        marks["postcode"] = _postcode_mark(scope, details.postcode)
    if (level := _level(scope, details)) is not None:
        marks[_RESTRICTION] = level
    return marks


def pregnancy_claims(scope: Scope, snapshot: ChildSnapshot, role: Role) -> Claims:
    """Give the claim that a pregnancy ended: said so, or by the closure of an unborn child."""
    if role is not Role.UNBORN:
        return
    stated = snapshot.details.pregnancy_ended if snapshot.details is not None else None
    lost = [(e.closed, e.id) for e in snapshot.episodes if e.closed and e.closure_reason == DIED]
    if stated is not None:
        inner = scope.inside(DETAILS, "")
        yield inner.claim(_LOST, "", on(stated), PregnancyEnded())
    elif lost:
        day, episode = max(lost)
        inner = scope.inside("episode", episode)
        yield inner.claim(_LOST, "", on(day), PregnancyEnded())


def pregnancy_fact(scope: Scope) -> Id:
    """Give the fact that the pregnancy ended, of which a child has one."""
    return scope.fact(_LOST)


def relation_claims(scope: Scope, snapshot: ChildSnapshot) -> Claims:
    """Give the claims of who is related to the child, and who no longer is."""
    for relation in snapshot.relations:
        raw = f"{relation.person}|{relation.role}"
        inner = scope.inside("relation", raw)
        own, role = scope.local("relationship_id", raw), Role(relation.role)
        recorded = RelationshipRecorded(
            relationship_id=own, relation=role, main_carer=relation.main_carer
        )
        start = on(relation.start) if relation.start else scope.undated
        claim = inner.claim("related", raw, start, recorded, _known_by(relation))
        yield replace(claim, other=relation)
        if relation.end is not None:
            ended = RelationshipEnded(relationship_id=own, relation=role)
            claim = inner.claim("related-no-more", raw, on(relation.end), ended)
            yield replace(claim, other=relation)


def _known_by(relation: Relation) -> str:
    born = relation.born.isoformat() if relation.born else ""
    return f"{relation.name or ''}|{relation.nhs_number or ''}|{born}"


def _unborn(scope: Scope, day: date) -> Claims:
    due = start_of(day)
    known = scope.remembered.facts.get(scope.fact("unborn"))
    if known is None:
        yield scope.claim("unborn", "", scope.undated, UnbornRegistered(edd=due))
        return
    first = known.detail.edd if isinstance(known.detail, UnbornRegistered) else None
    # Only a change is told; going back to the first date is one too.
    if first != due or scope.fact("edd") in scope.remembered.facts:
        yield scope.claim("edd", "", scope.undated, EddChanged(edd=due))


def _moved(scope: Scope, details: Details) -> Claims:
    text = details.postcode
    before = scope.remembered.marks.get("postcode")
    # The first postcode is no move. Later only a keyed hash of it is here to compare with.
    if not text or before is None or before == _postcode_mark(scope, text):
        return
    level = (_level(scope, details) or "none").partition("-no-")[0]
    postcode = _postcode(text) if level == "none" else None
    yield scope.claim("address", "", scope.undated, AddressChanged(postcode=postcode), text)


def _postcode_mark(scope: Scope, text: str) -> str:
    # With the child in it: neighbours, and the two records of an adopted child, are not alike.
    said = f"{scope.child}|{''.join(text.split()).upper()}"
    return scope.case.pseudonymiser.fingerprint(said.encode())


def _postcode(text: str) -> Postcode | None:
    try:
        return Postcode(text)
    except UnreadableError:
        return None


def _restricted(scope: Scope, details: Details) -> Claims:
    mark = _level(scope, details)
    if mark is None:
        return
    level, _, number = mark.partition("-no-")
    if level != "none":
        restricted = RecordRestricted.model_validate({"level": level})
        yield scope.claim("restricted", number, scope.undated, restricted)
    elif number != "0":
        yield scope.claim("unrestricted", number, scope.undated, RecordUnrestricted())


def _level(scope: Scope, details: Details) -> str | None:
    """Give the level with the number of its restriction: what is restricted anew is a new fact."""
    before = scope.remembered.marks.get(_RESTRICTION, "none-no-0")
    if details.restriction is None:
        return scope.remembered.marks.get(_RESTRICTION)
    level, _, number = before.partition("-no-")
    if level == "none" and details.restriction != "none":
        return f"{details.restriction}-no-{int(number) + 1}"
    return f"{details.restriction}-no-{number}"
