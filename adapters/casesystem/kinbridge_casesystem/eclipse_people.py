"""Notifications of people: who they are, where they live, how they are related."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kinbridge_casesystem.eclipse_model import Address, Person, Relationship
from kinbridge_casesystem.eclipse_table import RelationshipMeans, fitting
from kinbridge_casesystem.eclipse_telling import OWN, Telling, ranged
from kinbridge_schemas.events import Subject
from kinbridge_schemas.events.contact import LeadPractitionerAllocated
from kinbridge_schemas.events.persons import (
    AddressChanged,
    DisclosureRiskSet,
    PersonRegistered,
    PregnancyEnded,
    RecordRestricted,
    RelationshipEnded,
    RelationshipRecorded,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.identifiers import Postcode
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant
from kinbridge_schemas.vocabulary import Occurred, Precision, Role

_PREGNANCY: Final = timedelta(days=300)
_RISKS: Final = {"non_contact": "no-contact", "restricted_contact": "restricted-contact"}
_BY_GENDER: Final = {"FEMALE": Role.MOTHER, "MALE": Role.FATHER}
_SEATS: Final = ("ROLE_A", "ROLE_B")


def person(to: Telling, sent: Person) -> None:
    """Who somebody is: a child or unborn child is registered; anybody may be restricted."""
    subject, own = to.told(sent), to.known_by(sent)
    if sent.life_state == "DECEASED" or to.act == "DECEASED":
        # No shared event lets an authority tell of a death: health's own register does.
        to.end("death-told-by-authority", "parked-unsupported", own)
    elif subject.role is Role.UNBORN:
        _expected(to, sent, subject, own)
    elif subject.role is Role.CHILD:
        _child(to, subject, own)
    if sent.duplicate_status == "DUPLICATE":
        # Which record is the master Eclipse does not say: a person has to.
        to.end("duplicate-master-unknown", "parked-unsupported", own)
    _restricted(to, sent, subject, own)


def _expected(to: Telling, sent: Person, subject: Subject, own: str) -> None:
    ended = sent.life_state == "NOT_CARRIED_TO_TERM"
    due = read_instant(sent.due_date, "dueDate") if sent.due_date else None
    to.tell(("unborn", own), to.undated, (subject,), UnbornRegistered(edd=due))
    if ended or to.act != "ADD":
        to.tell(("pregnancy-ended", own), to.undated, (subject,), PregnancyEnded(), so=ended)
    if to.act != "ADD":
        # Entered as born by mistake, and put right.
        to.tell(("born", own), to.undated, (subject,), UnbornBorn(), so=False)


def _child(to: Telling, subject: Subject, own: str) -> None:
    to.tell(("person", own), to.undated, (subject,), PersonRegistered())
    # Whether it was unborn on this record Eclipse does not say. Of one that may have been it is
    # told; of any other child it changes nothing.
    born = subject.born
    if born is not None and to.at - _PREGNANCY <= born <= to.at:
        day = Occurred(at=born, precision=Precision.DAY)
        to.tell(("born", own), day, (subject,), UnbornBorn())
        if to.act != "ADD":
            to.tell(("pregnancy-ended", own), to.undated, (subject,), PregnancyEnded(), so=False)


def _restricted(to: Telling, sent: Person, subject: Subject, own: str) -> None:
    secured = sent.security_meta_data and sent.security_meta_data.secured
    locked = sent.secured_context and sent.secured_context.subject_restricted_via_lock
    if secured or locked:
        detail = RecordRestricted(level="locked" if locked else "sensitive")
        to.tell(("restricted", own), to.undated, (subject,), detail)
    elif secured is False and locked is False and to.act != "ADD":
        # Only this word is taken back: that an address may not be told still stands.
        to.tell(("restricted", own), to.undated, (subject,), RecordRestricted(), so=False)


def redacted(to: Telling) -> None:
    """Eclipse does not show its own client the record: so it is closed to everybody here."""
    whom = to.whom(None)
    if whom is None:
        to.end("redacted-of-nobody-named")
        return
    detail = RecordRestricted(level="locked")
    own = to.known_by(whom)
    to.tell(("restricted", own), to.undated, (to.told(whom),), detail)


def address(to: Telling, sent: Address) -> None:
    """Where somebody lives; not where it may not be told, and then that it may not."""
    whom = to.whom(sent.person)
    if whom is None:
        raise UnreadableError("field-missing", "person")
    subject, hidden = to.told(whom), bool(sent.do_not_disclose)
    stands = to.act not in {"DELETE", "CLOSE"} and sent.end_date is None
    text = sent.location.postcode if sent.location is not None else None
    secured = whom.security_meta_data and whom.security_meta_data.secured
    known = None if hidden or secured else _postcode(text)
    occurred = ranged(sent.start_date, "startDate") or to.undated
    moved = AddressChanged(postcode=known)
    to.tell(("address", sent.id), occurred, (subject,), moved, so=to.act != "DELETE")
    if hidden or (to.act != "ADD" and sent.says("do_not_disclose")):
        name = ("address-restricted", sent.id)
        to.tell(name, to.undated, (subject,), RecordRestricted(), so=hidden and stands)


def _postcode(text: str | None) -> Postcode | None:
    try:
        return Postcode(text) if text else None
    except UnreadableError:
        return None


def relationship(to: Telling, sent: Relationship) -> None:
    """How two people are related, who may have no contact with whom, who holds the case."""
    if sent.relationship_kind == "Professional":
        _lead(to, sent)
        return
    means = fitting(to.table.relationships, sent.relationship_type.class_)
    if means is None:
        to.end("relationship-type-not-in-table")
    for seat, child, other in _sides(sent):
        who = _as_child(to, child, means, seat)
        if who is None:
            continue
        relation = _relation(sent, means, seat, other)
        _risks(to, sent, seat, (who, to.told(other, relation or Role.OTHER)))
        if relation is not None:
            _family(to, sent, seat, (who, to.told(other, relation)))


def _sides(sent: Relationship) -> tuple[tuple[str, Person, Person], ...]:
    """Give each of the two as the child, with the seat that it has."""
    return (
        (_SEATS[0], sent.role_a_person, sent.role_b_person),
        (_SEATS[1], sent.role_b_person, sent.role_a_person),
    )


def _as_child(
    to: Telling, child: Person, means: RelationshipMeans | None, seat: str
) -> Subject | None:
    role = to.role_of(child)
    if role in OWN:
        return to.told(child, role)
    # Of no known age, and called the child: then it is one.
    is_called_so = means is not None and _word(means, seat) == "child"
    return to.told(child, Role.CHILD) if is_called_so and child.date_of_birth is None else None


def _word(means: RelationshipMeans, seat: str) -> str:
    return means.a if seat == _SEATS[0] else means.b


def _relation(
    sent: Relationship, means: RelationshipMeans | None, seat: str, other: Person
) -> Role | None:
    """Say who the other is to the child. None where the table does not, or it is no relation."""
    if means is None or _word(means, seat) not in {"child", "sibling"}:
        return None
    word = _word(means, _SEATS[1 - _SEATS.index(seat)])
    if word == "child":
        return None
    if word == "parent" and not (sent.adoptive or sent.step or sent.in_law):
        return _BY_GENDER.get(other.gender or "", Role.PARENT)
    return Role(word)


def _family(to: Telling, sent: Relationship, seat: str, two: tuple[Subject, Subject]) -> None:
    own, role = to.local("relationship_id", f"{sent.id}|{seat}"), two[1].role
    carer = sent.main_carer is not None and sent.main_carer != seat
    recorded = RelationshipRecorded(relationship_id=own, relation=role, main_carer=carer)
    start = to.when("startDate", sent.start_date) or to.undated
    so = to.act != "DELETE"
    to.tell(("related", sent.id, seat), start, two, recorded, so=so)
    ended = RelationshipEnded(relationship_id=own, relation=role)
    closed = to.when("closeDate", sent.close_date)
    if to.act == "CLOSE" or closed is not None:
        to.tell(("related-no-more", sent.id, seat), closed or to.undated, two, ended, so=so)
    elif to.act != "ADD" and sent.says("close_date"):
        to.tell(("related-no-more", sent.id, seat), to.undated, two, ended, so=False)


def _risks(to: Telling, sent: Relationship, seat: str, two: tuple[Subject, Subject]) -> None:
    for flag, ground in _RISKS.items():
        value = getattr(sent, flag)
        so = bool(value) and to.act != "DELETE"
        # What ended is no safer for that: a risk is taken back only where its flag is.
        if so or (to.act in {"UPDATE", "DELETE"} and sent.says(flag)):
            risk = to.local("risk_id", f"{sent.id}|{flag}|{seat}")
            detail = DisclosureRiskSet(risk_id=risk, ground=ground)
            to.tell(("risk", sent.id, flag, seat), to.undated, two, detail, so=so)


def _lead(to: Telling, sent: Relationship) -> None:
    people = dict(zip(_SEATS, (sent.role_a_person, sent.role_b_person), strict=True))
    until = to.when("closeDate", sent.close_date)
    start = to.when("startDate", sent.start_date) or to.undated
    for flag, role in to.table.workers.items():
        seat = getattr(sent, flag)
        if seat not in people:
            continue
        client = people[_SEATS[1 - _SEATS.index(seat)]]
        if client.date_of_birth is not None and to.role_of(client) not in OWN:
            continue  # a worker of an adult
        detail = LeadPractitionerAllocated(
            role=role, worker=people[seat].id, until=until.at if until else None
        )
        name, so = ("lead", sent.id, flag), to.act != "DELETE"
        to.tell(name, start, (to.told(client),), detail, so=so)
