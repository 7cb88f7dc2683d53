"""What became of an appointment: every code for it that is understood, in one table.

Attended, not attended, not brought, cancelled and by whom, moved to another time, moved to
another provider. A code is read first (`meaning_of`), then put beside the facts that no code
carries (`outcome`): how old the patient is on the day, and whose own appointment it is. A code
that stands neither here nor in the feed's own list has no meaning: the fact is parked for a
person with the reason `attendance-code-unknown`, and never guessed.

The source's own code is kept beside the outcome, by whoever makes the event (`raw_status`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Final

from kinbridge_fhir.systems import CANCELLATION, FILLER_STATUS, READ_V2, TRIGGER
from kinbridge_schemas.times import years_between
from kinbridge_schemas.vocabulary import AppointmentStatus, Responsible, Service

ADULT: Final = 18
CODE_UNKNOWN: Final = "attendance-code-unknown"
"""Why a fact is parked whose code nobody listed, or whose codes contradict each other."""

APPOINTMENT_STATUS: Final = "fhir-appointment-status"
ATTENDED_OR_NOT: Final = "nhs-attended-or-did-not-attend"
NOT_GIVEN: Final = "immunization-not-given"


class Meaning(StrEnum):
    """What a code says of an appointment, before anybody's age is looked at."""

    NOT_AGREED = "not-agreed"
    BOOKED = "booked"
    ATTENDED = "attended"
    TOO_LATE = "too-late"
    MISSED = "missed"
    NOT_BROUGHT = "not-brought"
    CANCELLED = "cancelled"
    BY_PATIENT = "cancelled-by-patient"
    BY_PROVIDER = "cancelled-by-provider"
    REBOOKED = "rebooked"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"
    OTHER_MATTER = "other-matter"


@dataclass(frozen=True, slots=True)
class Row:
    """Codes of one system that mean the same, with where that is written and its date."""

    system: str
    codes: tuple[str, ...]
    meaning: Meaning
    source: str
    date: str


_R4: Final = ("HL7 FHIR R4, AppointmentStatus", "2019-11-01")
_REASON: Final = ("HL7 FHIR R4, Appointment Cancellation Reason", "2019-11-01")
_DICTIONARY: Final = ("NHS Data Dictionary, ATTENDED OR DID NOT ATTEND CODE", "2026-06")
_EVENTS: Final = ("HL7 v2 table 0003, trigger events of SIU", "2019-12")
_FILLER: Final = ("HL7 v2 table 0278, filler status codes", "2019-12")
_READ: Final = ("NHS Read Codes v2, last release", "2016-04")
_NEMS: Final = ("nhsconnect/Events-Management, Vaccinations", "2025-01-30")

_PAT: Final = (
    *("pat", "pat-crs", "pat-cpp", "pat-dec", "pat-fb", "pat-lt"),
    *("pat-mt", "pat-mv", "pat-preg", "pat-swl", "pat-uwp"),
)
_PROV: Final = (
    *("prov", "prov-pers", "prov-dch", "prov-edu", "prov-hosp"),
    *("prov-labs", "prov-mroi", "prov-onc"),
)
_NOBODY: Final = (
    *("maint", "meds-inc", "other", "oth-cms", "oth-err", "oth-fin", "oth-int", "oth-iv"),
    *("oth-mu", "oth-oerr", "oth-room", "oth-swie", "oth-weath"),
)

TABLE: Final = (
    # `proposed`, `pending` and `waitlist`: nobody has agreed yet, so there is nothing to attend.
    Row(APPOINTMENT_STATUS, ("proposed", "pending", "waitlist"), Meaning.NOT_AGREED, *_R4),
    Row(APPOINTMENT_STATUS, ("booked",), Meaning.BOOKED, *_R4),
    Row(APPOINTMENT_STATUS, ("arrived", "fulfilled", "checked-in"), Meaning.ATTENDED, *_R4),
    # BaRS says a missed appointment with this code too, beside a safeguarding flag
    # (REFRESP01, withdrawn with TRN-APP1 1.0.0). FHIR has no word for "was not brought".
    Row(APPOINTMENT_STATUS, ("noshow",), Meaning.MISSED, *_R4),
    Row(APPOINTMENT_STATUS, ("cancelled",), Meaning.CANCELLED, *_R4),
    Row(APPOINTMENT_STATUS, ("entered-in-error",), Meaning.WITHDRAWN, *_R4),
    # The first part of a reason says who cancelled. `oth-`, `maint` and `meds-inc` do not.
    # `pat-uwp` is "unhappy or changed provider": two things, so it is no transfer.
    Row(CANCELLATION, _PAT, Meaning.BY_PATIENT, *_REASON),
    Row(CANCELLATION, _PROV, Meaning.BY_PROVIDER, *_REASON),
    Row(CANCELLATION, _NOBODY, Meaning.CANCELLED, *_REASON),
    Row(ATTENDED_OR_NOT, ("0",), Meaning.BOOKED, *_DICTIONARY),
    Row(ATTENDED_OR_NOT, ("5", "6"), Meaning.ATTENDED, *_DICTIONARY),
    # 7 came, too late to be seen: not attended, and no miss either.
    Row(ATTENDED_OR_NOT, ("7",), Meaning.TOO_LATE, *_DICTIONARY),
    Row(ATTENDED_OR_NOT, ("2",), Meaning.BY_PATIENT, *_DICTIONARY),
    Row(ATTENDED_OR_NOT, ("3",), Meaning.MISSED, *_DICTIONARY),
    Row(ATTENDED_OR_NOT, ("4",), Meaning.BY_PROVIDER, *_DICTIONARY),
    # S13 gives the same appointment another time: it is booked, at that time. S14 changes
    # neither time nor outcome. S17 takes away what was entered in error.
    Row(TRIGGER, ("S12", "S13", "S14"), Meaning.BOOKED, *_EVENTS),
    Row(TRIGGER, ("S15", "S16"), Meaning.CANCELLED, *_EVENTS),
    Row(TRIGGER, ("S17",), Meaning.WITHDRAWN, *_EVENTS),
    Row(TRIGGER, ("S26",), Meaning.MISSED, *_EVENTS),
    Row(FILLER_STATUS, ("PENDING", "WAITLIST", "BLOCKED"), Meaning.NOT_AGREED, *_FILLER),
    Row(FILLER_STATUS, ("BOOKED", "OVERBOOK"), Meaning.BOOKED, *_FILLER),
    Row(FILLER_STATUS, ("STARTED", "COMPLETE"), Meaning.ATTENDED, *_FILLER),
    Row(FILLER_STATUS, ("CANCELLED", "DC"), Meaning.CANCELLED, *_FILLER),
    Row(FILLER_STATUS, ("DELETED",), Meaning.WITHDRAWN, *_FILLER),
    Row(FILLER_STATUS, ("NOSHOW",), Meaning.MISSED, *_FILLER),
    # The SNOMED CT concept could not be checked: a feed that sends it names it in its own list.
    Row(READ_V2, ("9Nz1.",), Meaning.NOT_BROUGHT, *_READ),
    # A vaccine that was not given tells of a vaccine. Who came, and to what, it does not say.
    Row(NOT_GIVEN, ("true",), Meaning.OTHER_MATTER, *_NEMS),
)

_BY_CODE: Final = {(row.system, code): row.meaning for row in TABLE for code in row.codes}

_STATUS: Final = {
    Meaning.BOOKED: AppointmentStatus.BOOKED,
    Meaning.ATTENDED: AppointmentStatus.ATTENDED,
    Meaning.TOO_LATE: AppointmentStatus.CAME_TOO_LATE,
    Meaning.MISSED: AppointmentStatus.DID_NOT_ATTEND,
    # It is off, and by whom is not said: neither a miss nor anybody's cancellation.
    Meaning.CANCELLED: AppointmentStatus.UNKNOWN,
    Meaning.BY_PATIENT: AppointmentStatus.CANCELLED_BY_PATIENT,
    Meaning.BY_PROVIDER: AppointmentStatus.CANCELLED_BY_PROVIDER,
    Meaning.REBOOKED: AppointmentStatus.RESCHEDULED,
    Meaning.TRANSFERRED: AppointmentStatus.TRANSFERRED,
}

# Which of two meanings of one appointment says more. What is in no pair contradicts.
_MORE: Final = frozenset(
    {
        *((Meaning.BOOKED, more) for more in Meaning if more is not Meaning.OTHER_MATTER),
        (Meaning.MISSED, Meaning.NOT_BROUGHT),
        *(
            (Meaning.CANCELLED, more)
            for more in (
                *(Meaning.BY_PATIENT, Meaning.BY_PROVIDER, Meaning.REBOOKED),
                *(Meaning.TRANSFERRED, Meaning.MISSED, Meaning.NOT_BROUGHT, Meaning.WITHDRAWN),
            )
        ),
    }
)

# Services that a young person goes to as an adult does: for their own pregnancy, or because
# an adults' service took them on.
_OWN_SERVICES: Final = frozenset(
    {Service.MATERNITY, Service.ADULT_MENTAL_HEALTH, Service.SUBSTANCE_USE}
)

Local = Mapping[str, Meaning]
"""A feed's own codes, as its owner wrote them down for us. Looked at before the table."""

NO_LOCAL: Final[Local] = {}


def read_local(written: Mapping[str, str]) -> Local:
    """Read a feed's own list: code to a word of Meaning. Raises ValueError for another word.

    `{"DNA": "missed", "WNB": "not-brought", "TRF": "transferred"}` is such a list.
    """
    return {code.strip().upper(): Meaning(word) for code, word in written.items()}


def meaning_of(system: str, code: str, local: Local = NO_LOCAL) -> Meaning | None:
    """Give what a code means. None for one that is in neither list: park it, never guess.

    `system` is a normal form (`systems.normal`) or one of the names above; for a code without
    a system, the empty text.
    """
    said = code.strip()
    if said.upper() in local:
        return local[said.upper()]
    # Senders of HL7 v2 write its status words in every case; other systems mind theirs.
    return _BY_CODE.get((system, said.upper() if system == FILLER_STATUS else said))


def together(meanings: Iterable[Meaning | None]) -> Meaning | None:
    """Give the one meaning of several codes of one appointment: the one that says most.

    `cancelled` and `cancelled-by-provider` are the latter. None where one has no meaning, where
    two contradict each other, or where there is none at all.
    """
    known = list(meanings)
    return reduce(_fuller, known) if known else None


def _fuller(one: Meaning | None, other: Meaning | None) -> Meaning | None:
    if one is None or other is None or one is other:
        return one if one is other else None
    if (one, other) in _MORE:
        return other
    return one if (other, one) in _MORE else None


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose appointment it was: what decides between not attending and not being brought.

    `born` is the patient's date of birth and `at` the appointment's start. `own_errand` says
    that they come for themselves whatever their age: an antenatal appointment, or an adults'
    service.
    """

    born: datetime | None
    at: datetime
    own_errand: bool = False

    @property
    def under_age(self) -> bool:
        """Whether the patient is a child on the day, as far as the source says."""
        return self.born is not None and years_between(self.born, self.at) < ADULT


def own_errand(service: Service) -> bool:
    """Whether people go to a service by themselves, at any age."""
    return service in _OWN_SERVICES


def responsible(whose: Whose) -> Responsible:
    """Give who was responsible for coming: the patient, or somebody for a child.

    A mother is herself responsible for her antenatal care, and under 18 too: she did not
    attend. Her unborn child was not "not brought". That she is a child herself is what her own
    record says, by the same event.
    """
    if whose.own_errand:
        return Responsible.SELF
    if whose.born is None:
        return Responsible.UNKNOWN
    return Responsible.CARER if whose.under_age else Responsible.SELF


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an appointment, and who was responsible for coming to it."""

    status: AppointmentStatus
    responsible: Responsible


def outcome(meaning: Meaning, whose: Whose) -> Outcome | None:
    """Give the outcome of an appointment. None where the code gives it none.

    None is for `not-agreed`, `withdrawn` and `other-matter`: ends, not outcomes. Only whom
    somebody else was to bring was not brought: a code that says so of an adult says that they
    did not attend. Where no date of birth is given, a code that says "child" is believed.
    """
    who = responsible(whose)
    if meaning is Meaning.NOT_BROUGHT:
        who = Responsible.CARER if who is Responsible.UNKNOWN else who
        meaning = Meaning.MISSED
    if meaning is Meaning.MISSED and who is Responsible.CARER:
        return Outcome(AppointmentStatus.WAS_NOT_BROUGHT, who)
    status = _STATUS.get(meaning)
    return Outcome(status, who) if status is not None else None
