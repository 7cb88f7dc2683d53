"""Ask PDS about people on the record of an open case, and about nobody else. Pure.

A number comes onto an open record, or PDS has changed what it holds of somebody on one: then
PDS is asked. A version of its record that was heard of already is not asked for again. Only
numbers that the child's record itself relies on are asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kinbridge.linking.outcome import Outcome
from kinbridge.linking.parties import OWN, PARENTAL
from kinbridge.linking.telling import Telling
from kinbridge.sources.pds import Pds
from kinbridge_schemas.base import Code
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.events.persons import (
    AddressChanged,
    RelationshipEnded,
    RelationshipRecorded,
)
from kinbridge_schemas.identifiers import NhsNumber, SubjectKey
from kinbridge_schemas.linked import ChildRecord, EventLinked
from kinbridge_schemas.retrieval import PDS, DemographicsWanted, Retrieval, retrieval_id
from kinbridge_schemas.vocabulary import Role

_SAY_TOO_LITTLE: Final = frozenset({"record", "address", "name", "merged"})
"""Changes that say that something changed, and not what."""


@dataclass(frozen=True, slots=True)
class _Person:
    number: NhsNumber
    relation: Role
    why: Code
    related: bool = False


def questions(to: Telling, outcome: Outcome, pds: Pds) -> tuple[Retrieval, ...]:
    """Give what PDS is asked because of an event, after it was put on the registry."""
    asked: dict[SubjectKey, _Person] = {}
    for person in (*_signalled(to, outcome), *_come_onto_a_record(to, pds)):
        asked.setdefault(to.pseudonymiser.of_nhs_number(person.number), person)
    return tuple(_question(to, key, person) for key, person in sorted(asked.items()))


def note_answer(to: Telling) -> None:
    """Keep which version of somebody's record PDS told, as long as they are on a record here."""
    key, number = to.parties[0].nhs_key, to.event.version.number
    if to.event.source != PDS or key is None:
        return
    if isinstance(to.event.detail, RelationshipRecorded | RelationshipEnded):
        return  # the list of somebody's relatives has a version of its own
    known = to.registry.key(key)
    if known.holdings and number > known.pds:
        to.registry.put_key(key, known.model_copy(update={"pds": number}))


def _signalled(to: Telling, outcome: Outcome) -> Iterator[_Person]:
    """Give whom a signal is about, if it was news to a child with an open case."""
    event, first = to.event, to.parties[0]
    number, key = first.nhs_number, first.nhs_key
    if number is None or key is None or not _is_signal(to):
        return
    known, said = to.registry.key(key).pds, _version_said(to)
    if said is not None and said <= known:
        return
    linked = (each.happened for each in outcome.said)
    for happened in linked:
        if isinstance(happened, EventLinked) and happened.event == event.id:
            yield _Person(number, happened.relation, "signal")
            return


def _version_said(to: Telling) -> int | None:
    """Give PDS's own version, where a signal says it. A sender's number is something else."""
    detail = to.event.detail
    return detail.record_version if isinstance(detail, PdsChanged) else None


def _is_signal(to: Telling) -> bool:
    event = to.event
    if event.authority is not None or event.source == PDS or event.act == "retract":
        return False
    match event.detail:
        case PdsChanged(change=change):
            return change in _SAY_TOO_LITTLE
        case AddressChanged():
            return True
        case _:
            return False


def _come_onto_a_record(to: Telling, pds: Pds) -> Iterator[_Person]:
    """Give whose number stands on the record of an open case now, and did not before."""
    for before, after in to.registry.changed_children():
        known = _numbers(before.said if before else None)
        opened = not known and not (before and before.said and before.said.open)
        for number, relation in _numbers(after.said).items():
            if number not in known:
                own = relation in OWN
                why = "case-opened" if opened else "person-recorded"
                yield _Person(number, relation, why, related=own and pds.related)


def _numbers(record: ChildRecord | None) -> Mapping[NhsNumber, Role]:
    if record is None or not record.open or record.shielded:
        return {}
    found = {
        r.nhs_number: r.relation
        for r in record.related
        if r.nhs_number is not None and r.relation in PARENTAL
    }
    if record.nhs_number is not None:
        found[record.nhs_number] = Role.CHILD
    return found


def _question(to: Telling, key: SubjectKey, person: _Person) -> Retrieval:
    wanted = DemographicsWanted(related=person.related)
    return Retrieval(
        id=retrieval_id(PDS, key, wanted.what, person.why, to.event.id),
        destination=PDS,
        wanted=wanted,
        nhs_number=person.number,
        person=key,
        relation=person.relation,
        why=person.why,
        asked=to.now,
    )
