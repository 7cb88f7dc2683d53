"""What an extract can give: the kinds of objects, their fields, and how each field is read.

Mapping files are held to these names. A field that is neither a statutory code nor a day takes
only words that a mapping file lists, so that no free text gets into the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from kinbridge_casesystem.child import (
    Adoption,
    Assessment,
    AssessmentKind,
    CinPlan,
    Contact,
    CpPlan,
    Enquiry,
    Episode,
    Help,
    Missing,
    Placement,
    Relation,
    RelationWord,
    Restriction,
    Worker,
)
from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS, START_REASONS
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    FACTORS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)
from kinbridge_casesystem.reading import Reading, child_id_of
from kinbridge_schemas.vocabulary import SupportTier

Reader = Callable[[Reading, str, str], object]
"""Reads a cell: the reading, the text, the field that findings name. None: it says nothing."""

UNLISTED: Final = "?"
"""What stands for a text that a mapping file's list does not hold."""

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]{1,60}")
_STAFF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PHONE: Final = re.compile(r"[0-9+() -]{3,40}")
_ID: Final = re.compile(r"[ -~]{1,100}")
_BETWEEN: Final = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. `make` is None for what is gathered otherwise.

    `needs` are fields without which it says nothing that counts. `own` are the fields that its
    id is made of: the first of them that the row has, or all where there is no `id` among them.
    `names` are what `make` calls a field that is called otherwise here. `worded` are those that
    take listed words only.
    """

    fields: Mapping[str, Reader]
    make: Callable[..., object] | None = None
    needs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    worded: frozenset[str] = frozenset()


def _day(reading: Reading, text: str, where: str) -> object:
    return reading.day(text, where)


def _any_day(reading: Reading, text: str, where: str) -> object:
    return reading.any_day(text, where)


def _flag(reading: Reading, text: str, where: str) -> object:
    return reading.flag(text, where)


def _count(reading: Reading, text: str, where: str) -> object:
    return reading.count(text, where)


def _text(_reading: Reading, text: str, _where: str) -> object:
    return " ".join(text.split())[:200] or None


def _shaped(shape: re.Pattern[str], rule: str) -> Reader:
    def read(reading: Reading, text: str, where: str) -> object:
        if shape.fullmatch(text.strip()):
            return text.strip()
        reading.odd(rule, where)
        return None

    return read


def _words(words: tuple[str, ...]) -> Reader:
    def read(reading: Reading, text: str, where: str) -> object:
        said = text.strip().lower()
        if said in words:
            return said
        reading.odd("code-unknown", where)
        return None

    return read


def _code(table: CodeTable) -> Reader:
    def read(reading: Reading, text: str, where: str) -> object:
        return reading.code(text, table, where)

    return read


def _factors(reading: Reading, text: str, where: str) -> object:
    found = (reading.code(part, FACTORS, where) for part in _BETWEEN.split(text))
    return tuple(sorted({code for code in found if code is not None})) or None


def _days(reading: Reading, text: str, where: str) -> object:
    day = reading.day(text, where)
    return None if day is None else (day,)


def _tier(reading: Reading, text: str, where: str) -> object:
    word = _words(tuple(tier.value for tier in SupportTier))(reading, text, where)
    return None if word is None else SupportTier(str(word))


def _person(reading: Reading, text: str, where: str) -> object:
    found = child_id_of(text)
    if found is None:
        reading.odd("id-invalid", where)
    return found


_OWN_ID: Final = _shaped(_ID, "id-invalid")
_LISTED: Final = _shaped(_CODE, "code-unknown")
_SIGNS: Final = ("placed-for-adoption", "adoption-order")

DETAILS: Final = "details"
CHILD: Final = "child"

KINDS: Final[Mapping[str, Kind]] = {
    DETAILS: Kind(
        {
            "first_name": _text,
            "surname": _text,
            "born": _any_day,
            "due": _any_day,
            "postcode": _text,
            "nhs_number": _text,
            "restriction": _words(get_args(Restriction)),
            "pregnancy_ended": _day,
        },
        worded=frozenset({"restriction"}),
    ),
    "relation": Kind(
        {
            "person": _person,
            "role": _words(get_args(RelationWord)),
            "main_carer": _flag,
            "name": _text,
            "nhs_number": _text,
            "born": _day,
            "start": _day,
            "end": _day,
        },
        Relation,
        ("person", "role"),
        ("person", "role"),
        worded=frozenset({"role"}),
    ),
    "contact": Kind(
        {"id": _OWN_ID, "date": _day, "source_code": _code(REFERRAL_SOURCES), "outcome": _LISTED},
        Contact,
        ("date",),
        ("id", "date"),
        {"date": "on"},
        worded=frozenset({"outcome"}),
    ),
    "help": Kind(
        {
            "id": _OWN_ID,
            "start": _day,
            "end": _day,
            "tier": _tier,
            "team": _LISTED,
            "agreed": _flag,
            "reason": _LISTED,
        },
        Help,
        (),
        ("id", "start"),
        worded=frozenset({"tier", "team", "reason"}),
    ),
    "episode": Kind(
        {
            "id": _OWN_ID,
            "referred": _day,
            "source_code": _code(REFERRAL_SOURCES),
            "primary_need": _code(PRIMARY_NEEDS),
            "no_further_action": _flag,
            "closed": _day,
            "closure_reason": _code(CLOSURE_REASONS),
        },
        Episode,
        (),
        ("id", "referred"),
    ),
    "assessment": Kind(
        {
            "id": _OWN_ID,
            "start": _day,
            "authorised": _day,
            "factors": _factors,
            "of_kind": _words(get_args(AssessmentKind)),
        },
        Assessment,
        (),
        ("id", "start"),
        worded=frozenset({"of_kind"}),
    ),
    "cin-plan": Kind({"id": _OWN_ID, "start": _day, "end": _day}, CinPlan, (), ("id", "start")),
    "cp-plan": Kind(
        {
            "id": _OWN_ID,
            "start": _day,
            "end": _day,
            "category": _code(ABUSE_CATEGORIES),
            "latest_category": _code(ABUSE_CATEGORIES),
            "previous_plans": _count,
            "review": _days,
        },
        CpPlan,
        (),
        ("id", "start"),
        {"review": "reviews"},
    ),
    "s47": Kind(
        {
            "id": _OWN_ID,
            "start": _day,
            "conference_needed": _flag,
            "conference": _any_day,
            "plan_made": _flag,
            "end": _day,
        },
        Enquiry,
        (),
        ("id", "start"),
    ),
    "worker": Kind(
        {
            "worker": _shaped(_STAFF, "worker-invalid"),
            "start": _day,
            "end": _day,
            "role": _shaped(_ROLE, "code-unknown"),
            "team": _LISTED,
            "duty_phone": _shaped(_PHONE, "telephone-invalid"),
        },
        Worker,
        ("worker", "start"),
        ("worker", "start"),
        worded=frozenset({"role", "team"}),
    ),
    "placement": Kind(
        {
            "id": _OWN_ID,
            "start": _day,
            "start_reason": _code(START_REASONS),
            "kind": _code(PLACEMENTS),
            "legal_status": _code(LEGAL_STATUSES),
            "end": _day,
            "end_reason": _code(END_REASONS),
        },
        Placement,
        ("start",),
        ("id", "start"),
    ),
    "adoption": Kind(
        {"id": _OWN_ID, "date": _day, "sign": _words(_SIGNS)},
        Adoption,
        ("date", "sign"),
        ("id", "date"),
        {"date": "on"},
        worded=frozenset({"sign"}),
    ),
    "missing": Kind(
        {"id": _OWN_ID, "start": _day, "end": _day}, Missing, ("start",), ("id", "start")
    ),
    CHILD: Kind({}),
}
"""By the word that a mapping file uses. `child` has no fields: it can only be removed."""
