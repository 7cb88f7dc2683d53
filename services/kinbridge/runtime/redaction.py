"""Conceal in a log line whatever looks as if it were about a person. Pure.

Nothing of the kind should get here: identifiers do not print, and events carry codes. This is
the second net, for what a library or a traceback says. It rather conceals too much.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

STARS: Final = "**********"

_OWN_ID: Final = r"(?<![^\W_])[a-z][a-z.-]{0,40}-(?:[0-9a-f]{32}|[a-z2-7]{32})(?![^\W_])"
"""An id derived from content or a keyed pseudonym: ten digits in a row may be part of one."""

_URL: Final = r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>]+"
_NHS_NUMBER: Final = r"(?<!\d)\d{3}[\s\-._/]{0,3}\d{3}[\s\-._/]{0,3}\d{4}(?!\d)"
_POSTCODE: Final = r"(?<![^\W_])[A-Za-z]{1,2}\d[A-Za-z\d]?[\s+_-]{0,3}\d[A-Za-z]{2}(?![^\W_])"
_DATE: Final = (
    r"(?<!\d)(?:\d{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:19|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_WRITTEN_DATE: Final = (
    r"(?i:(?<!\d)(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?[\s-]+"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s,-]+(?:19|20)?\d\d(?!\d))"
)
_PERSONAL: Final = (
    "name|given|given_name|givenname|family|family_name|familyname|surname|forename|first_name"
    "|firstname|last_name|lastname|middle_name|alias|nhs|nhs_number|nhsnumber|child_id|la_child_id"
    "|dob|date_of_birth|dateofbirth|birth_date|birthdate|birth|address|line|postcode|postal_code"
    "|postalcode|phone|telephone|mobile|email|telecom|patient|mother|father|input|input_value"
    "|payload|narrative"
)
_FREE_TEXT: Final = "body|content|value|text|display|note|description"
"""In data from outside these hold what somebody wrote; as fields of our own events, our words."""
_FIELD: Final = (
    rf"(?i:(?P<field>(?<![^\W_])[\"']?(?:{_PERSONAL}|{_FREE_TEXT})[\"']?\s*[:=]\s*)"
    r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^,;&\n)\]}]+))"
)

_SUSPECT: Final = re.compile(
    f"(?P<own>{_OWN_ID})|(?P<url>{_URL})|{_FIELD}"
    f"|(?P<personal>{_NHS_NUMBER}|{_DATE}|{_WRITTEN_DATE}|{_POSTCODE})"
)
_ORIGIN: Final = re.compile(
    r"(?P<origin>[a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/?#@]*@)?(?P<host>[^/?#]*)"
)
_PERSONAL_KEY: Final = re.compile(rf"(?i)(?:.*[_.-])?(?:{_PERSONAL})s?")
_OUTSIDE_KEY: Final = re.compile(rf"(?i)(?:.*[_.-])?(?:{_PERSONAL}|{_FREE_TEXT})s?")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# As a number it may have lost leading noughts; no issued number has any.
_LEAST_NHS: Final = 1e9
_BEYOND_NHS: Final = 1e10
_LONGEST: Final = 20_000


def redact_text(text: str) -> str:
    """Conceal numbers, dates, postcodes, personal fields and the paths of URLs in a text."""
    # Cut afterwards: half a number must not be left over.
    return _SUSPECT.sub(_concealed, text)[:_LONGEST]


def _concealed(found: re.Match[str]) -> str:
    if found["own"] is not None:
        return found["own"]
    if found["url"] is not None:
        return _bare_url(found["url"])
    if found["field"] is not None:
        return found["field"] + STARS
    return STARS


def _bare_url(url: str) -> str:
    origin = _ORIGIN.match(url)
    if origin is None:
        return STARS
    host = _SUSPECT.sub(STARS, origin["host"])
    rest = url[origin.end() :].strip("/")
    return f"{origin['origin']}{host}" + (f"/{STARS}" if rest else "")


def is_personal(key: str, *, ours: bool = False) -> bool:
    """Say whether a field of this name may hold something about a person.

    `ours`: it is a field of an event that our own code logged.
    """
    pattern = _PERSONAL_KEY if ours else _OUTSIDE_KEY
    return pattern.fullmatch(_CAMEL.sub("_", key)) is not None


def redact(value: object) -> object:  # noqa: PLR0911 - one case for each kind
    """Give a value that may be logged: plain data, and nothing in it about a person.

    A datetime is kept, because operations live by it; a date alone is taken for a date of
    birth. Bytes show their length only.
    """
    match value:
        case None | bool():
            return value
        case timedelta():
            return value.total_seconds()
        case Enum():
            return redact(value.value)
        case int() | float():
            return STARS if _LEAST_NHS <= abs(value) < _BEYOND_NHS else value
        case str():
            return redact_text(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case datetime():
            return value.isoformat()
        case date():
            return STARS
        case Mapping():
            return redact_fields({str(k): v for k, v in value.items()})
        case Sequence() | AbstractSet():
            return [redact(each) for each in value]
        case _:
            return redact_text(repr(value))


def redact_fields(fields: Mapping[str, object], *, ours: bool = False) -> dict[str, object]:
    """The same for named fields; those with a personal name are concealed whatever they hold."""
    return {
        redact_text(key): STARS if is_personal(key, ours=ours) else redact(value)
        for key, value in fields.items()
    }
