"""The adapter of the route `pds-patient`: what PDS answered about one person.

The Personal Demographics Service is the source of truth for who is restricted, which number has
another in its place, who has died and where somebody is registered.

A record that is not marked unrestricted gives no place: no district, no practice. That it is
restricted, merged or invalidated is told by the number alone, so that a date of birth that
differs cannot keep it from taking hold; and before all else, whatever the rest is like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final, Literal

from kinbridge_fhir.nems.practices import NO_PRACTICE, NOT_SAID
from kinbridge_fhir.pds_answers import MAPPING_VERSION, Account, Act, answer_of, version_of
from kinbridge_fhir.pds_record import DEATH_STATUS, REMOVAL, OperationOutcome, Patient, Period
from kinbridge_fhir.systems import CONFIDENTIALITY, normal
from kinbridge_fhir.thin import parsed, read_object
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.care import GpDeregistered, GpRegistered, PdsChanged
from kinbridge_schemas.events.persons import (
    AddressChanged,
    PersonMerged,
    RecordRestricted,
    RecordUnrestricted,
)
from kinbridge_schemas.identifiers import NhsNumber, Postcode, PostcodeDistrict
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import Answer
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Precision, Provider, Version

_INVALIDATED: Final = "INVALIDATED_RESOURCE"
_UNRESTRICTED: Final = "U"
# HL7 v3 Confidentiality. `REDACTED` is PDS's word that parts were taken out of the answer.
_LEVELS: Final[dict[str, Literal["sensitive", "very-restricted"]]] = {
    "R": "sensitive",
    "V": "very-restricted",
    "REDACTED": "very-restricted",
}
# UKCore-DeathNotificationStatus: 1 informal, 2 formal, U taken back.
_FORMAL: Final = {"1": False, "2": True}
_NOT_DEAD: Final = "U"
_PRACTICE: Final = re.compile(r"[A-Z0-9]{3,12}")
_REASON: Final = re.compile(r"[A-Z]{2,10}")
# `temp`, `billing` and `old` are left out on purpose: nobody lives there.
_HOME: Final = frozenset({"home", None})
_DAY: Final = timedelta(days=1)

Fact = ChildEvent | Ended


class PdsPatients:
    """Maps what PDS answers about a person. Holds nothing."""

    version = MAPPING_VERSION
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one answer. Raises UnreadableError where the bytes are no answer of PDS."""
        answer, content = answer_of(received, "patient")
        told = tuple(_facts(answer, content, received.id, given))
        return Mapped(
            events=tuple(fact for fact in told if isinstance(fact, ChildEvent)),
            ends=tuple(fact for fact in told if isinstance(fact, Ended)),
            # No two answers are accounts of one record, so none contradicts another.
            version=received.id,
        )


def _facts(answer: Answer, content: bytes, own: Id, given: Given) -> Iterator[Fact]:
    if answer.end == "no-answer":
        yield Ended(fact=own, end="no-fact", reason="no-answer")
        return
    if answer.end == "no-record":
        yield _none(answer, content, own, given)
        return
    patient = parsed(Patient, read_object(content))
    if patient.resource_type != "Patient":
        raise UnreadableError("not-a-patient", "resourceType")
    try:
        number = NhsNumber(patient.id)
    except UnreadableError as problem:
        raise UnreadableError(problem.reason, "id") from None
    asked = about = given.pseudonymiser.of_nhs_number(answer.nhs_number)
    if number != answer.nhs_number:
        about = given.pseudonymiser.of_nhs_number(number)
    version = version_of(answer, patient.meta.version_id, given)
    yield from _Record(patient, Account(answer, given, version, asked, about)).facts()


def _none(answer: Answer, content: bytes, own: Id, given: Given) -> Fact:
    """A number that PDS has no record for: invalidated, or never there."""
    outcome = parsed(OperationOutcome, read_object(content))
    if outcome.resource_type != "OperationOutcome":
        # A gateway's own page is not PDS's word that it holds nothing.
        raise UnreadableError("not-an-operation-outcome", "resourceType")
    if _INVALIDATED not in outcome.codes:
        return Ended(fact=own, end="no-fact", reason="no-record")
    asked = given.pseudonymiser.of_nhs_number(answer.nhs_number)
    account = Account(answer, given, Version(updated=given.now), asked, asked)
    invalidated = PdsChanged(change="invalidated")
    fact = account.fact("invalidated")
    return account.event(fact, account.unknown, invalidated, account.asked_about())


@dataclass(frozen=True)
class _Record:
    """One record as its facts need it."""

    patient: Patient
    account: Account

    def facts(self) -> Iterator[Fact]:
        """Give all that is told, what strips before what would be stripped."""
        if self.account.about != self.account.asked:
            into = PersonMerged(into=self.account.about)
            yield self._event("merged", into, self.account.unknown, guarded=False)
        yield self._restriction()
        yield from self._as_far_as_readable("death", self._death)
        if self._confidentiality == {_UNRESTRICTED}:
            yield from self._as_far_as_readable("practice", self._practice)
            yield from self._as_far_as_readable("address", self._address)

    def _as_far_as_readable(self, word: str, told: Callable[[], Iterator[Fact]]) -> list[Fact]:
        try:
            return list(told())
        except UnreadableError as problem:
            return [self._parked(word, problem.reason, "parked-unreadable")]

    def _event(
        self,
        word: str,
        detail: Detail,
        occurred: Occurred,
        *,
        act: Act = "assert",
        guarded: bool = True,
    ) -> ChildEvent:
        who = self._guarded if guarded else self.account.asked_about()
        return self.account.event(self.account.fact(word), occurred, detail, who, act=act)

    def _parked(self, word: str, reason: Code, end: End = "parked-unsupported") -> Ended:
        return Ended(fact=self.account.fact(word), end=end, reason=reason)

    @cached_property
    def _guarded(self) -> Subject:
        """Whom it is told of, with the date of birth by which linking holds the number."""
        said = self.patient.birth_date
        day = read_time(said, "birthDate") if said is not None else None
        whole = day is not None and day.precision is Precision.DAY
        return self.account.asked_about(day.at if day is not None and whole else None)

    # -- restrictions

    @cached_property
    def _confidentiality(self) -> set[str | None]:
        marks = self.patient.meta.security
        return {mark.code for mark in marks if normal(mark.system) == CONFIDENTIALITY}

    def _restriction(self) -> Fact:
        levels = {_LEVELS[code] for code in self._confidentiality if code in _LEVELS}
        if levels:
            # `very-restricted` is the later word of the two, and the stricter.
            restricted = RecordRestricted(level=max(levels))
            return self._event("restriction", restricted, self.account.unknown, guarded=False)
        if self._confidentiality == {_UNRESTRICTED}:
            lifted = RecordUnrestricted()
            return self._event("restriction", lifted, self.account.unknown, guarded=False)
        # Nothing is lifted by a mark that nobody listed, or by none.
        return self._parked("restriction", "confidentiality-unknown")

    # -- a death

    def _death(self) -> Iterator[Fact]:
        extension = self.patient.has(DEATH_STATUS)
        status = extension.code("deathNotificationStatus") if extension else None
        died = self.patient.deceased_date_time
        if status == _NOT_DEAD:
            gone = PdsChanged(change="death")
            yield self._event("death", gone, self.account.unknown, act="retract")
        elif status in _FORMAL or (status is None and died is not None):
            detail = PdsChanged(change="death", formal=_FORMAL.get(status or ""))
            # When the status was set stands in for a time of death that is not given.
            since = extension.detail("systemEffectiveDate") if extension else None
            said = died or (since.value_date_time if since else None)
            when = read_time(said, "deceasedDateTime") if said else self.account.unknown
            yield self._event("death", detail, when)
        elif status is not None:
            yield self._parked("death", "death-status-unknown")

    # -- places: of an unrestricted record only

    def _practice(self) -> Iterator[Fact]:
        named = next(iter(self.patient.general_practitioner), None)
        code = (named.identifier.value or "").upper() if named else ""
        if code in NOT_SAID:
            yield self._parked("practice", "practice-not-said")
        elif named is None or code in NO_PRACTICE:
            yield self._without_practice()
        elif not _PRACTICE.fullmatch(code):
            yield self._parked("practice", "practice-without-code")
        elif (over := self._over(named.identifier.period)) is not None:
            yield self._event("practice", GpDeregistered(), over)
        else:
            since = _start(named.identifier.period) or self.account.unknown
            practice = Provider(ods=code)
            yield self._event("practice", GpRegistered(practice=practice), since)

    def _without_practice(self) -> ChildEvent:
        removal = self.patient.has(REMOVAL)
        code = removal.code("removalFromRegistrationCode") if removal else None
        if removal is None or code is None or not _REASON.fullmatch(code):
            # It may be that there never was one. What was told of one before is so no more.
            none = GpRegistered(practice=Provider())
            return self._event("practice", none, self.account.unknown, act="retract")
        time = removal.detail("effectiveTime")
        since = _start(time.value_period) if time and time.value_period else None
        ended = GpDeregistered(reason=code.lower())
        return self._event("practice", ended, since or self.account.unknown)

    def _address(self) -> Iterator[Fact]:
        for place in self.patient.address:
            since = _start(place.period)
            # Without a date a move cannot be told from where somebody has lived for years.
            if place.use in _HOME and since is not None and self._over(place.period) is None:
                district = _district(place.postal_code)
                if district is not None:
                    yield self._event("address", AddressChanged(district=district), since)
                return

    def _over(self, period: Period) -> Occurred | None:
        """Give when it ended, if it has."""
        if period.end is None:
            return None
        end = read_time(period.end, "period.end")
        # A day on which it ended is still a day on which it held.
        last = end.at + (_DAY if end.precision is Precision.DAY else timedelta())
        return end if last <= self.account.given.now else None


def _start(period: Period) -> Occurred | None:
    return read_time(period.start, "period.start") if period.start else None


def _district(postcode: str | None) -> PostcodeDistrict | None:
    if postcode is None:
        return None
    try:
        return PostcodeDistrict(Postcode(postcode).reveal().partition(" ")[0])
    except UnreadableError:
        return None
