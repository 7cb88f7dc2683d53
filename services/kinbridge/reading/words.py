"""Codes, times and spans as a person reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kinbridge_schemas.concerns import Check
from kinbridge_schemas.disclosure import is_care_check
from kinbridge_schemas.vocabulary import InputStatus, Occurred, Precision, TeamFound

LONDON: Final = ZoneInfo("Europe/London")

_UPPER: Final = frozenset(
    {"macpt", "s47", "icpc", "gp", "ed", "edd", "mash", "lac", "nhs", "hv", "fgdm", "cin"}
)
_SAID: Final = {
    "lcpp": "lead child protection practitioner",
    "fhlp": "Family Help lead practitioner",
    "family_help_lead_practitioner": "Family Help lead practitioner",
    "edt": "emergency duty team",
    "unknown": "not known",
    "safeguarding_nurse_0_19": "0-19 safeguarding nurse",
    "did-not-attend": "did not attend",
    "was-not-brought": "was not brought",
    "la-child-id": "the authority's own child id",
    "nhs-number": "NHS number, exact",
    "by-mother": "the mother's record",
    "by-person": "a named person",
    "existence": "EXISTENCE (that there is something, not what)",
    "content": "CONTENT (the fields shown here and no others)",
    "new_item": "new item",
    "escalated_no_ack": "nobody has acknowledged",
    "ack_expired": "the acknowledgement ran out",
    "link_changed": "the family's record changed",
    "reopened_as_successor": "follows an alert that was closed",
    "none": "none",
    "data": "answered: health has information",
    "no-data": "answered: health looked and has nothing",
    "not-permitted": "answered: health may not say",
    "asked-already": "asked before",
    "no-ground-recorded": "the ground for asking is recorded no more",
}


_FOUND: Final = {
    TeamFound.ALLOCATED: "the authority's record says that it holds the case",
    TeamFound.NO_TEAM_RECORDED: "the record names no team",
    TeamFound.TEAM_NOT_KNOWN: "the record names a team that the policy does not know",
    TeamFound.TEAM_OF_ANOTHER_ARM: "the record names only teams of another arm",
    TeamFound.UNKNOWN: "why is not known",
}

_ANSWERED: Final = {
    InputStatus.DATA: "found",
    InputStatus.NO_DATA: "looked for, nothing found",
    InputStatus.NO_RESPONSE: "asked, no answer",
    InputStatus.NOT_PERMITTED: "may not be said",
    InputStatus.STALE: "not known: the source has been silent",
    InputStatus.UNKNOWN: "not known",
}


_TOLD: Final = {
    InputStatus.DATA: "health has information; ask the contact below",
    InputStatus.NO_DATA: "health looked and has nothing",
    InputStatus.NOT_PERMITTED: "health may not say",
    InputStatus.UNKNOWN: "asked, not answered yet",
}
"""The same where health was asked, and did not merely look for one thing."""


_SEARCHED: Final = {
    InputStatus.UNKNOWN: "asked, not answered yet",
    InputStatus.NO_RESPONSE: "asked, no response: this is not that there is nothing",
    InputStatus.NOT_PERMITTED: "asked, and not permitted to see",
}
"""The same where a provider's records were searched."""


def answer(check: Check) -> str:
    """Say what looking or asking found. Silence is not a finding, and reads as none."""
    if is_care_check(check):
        return _SEARCHED.get(check.answer, _ANSWERED[check.answer])
    asked = _TOLD if check.what == "health-information" else {}
    return asked.get(check.answer, _ANSWERED[check.answer])


def words(code: str) -> str:
    """Give a code of ours in plain words: `pre-birth-assessment` is `pre-birth assessment`."""
    if code in _SAID:
        return _SAID[code]
    parts = code.replace("pre-birth", "pre~birth").replace("_", "-").split("-")
    return " ".join(p.upper() if p in _UPPER else p for p in parts).replace("~", "-")


def sentence(text: str) -> str:
    """Open with a capital."""
    return text[:1].upper() + text[1:]


def moment(when: datetime) -> str:
    """Give a moment in Europe/London to the minute: `Mon 2 Mar 2026, 09:30`."""
    local = when.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def day(when: datetime) -> str:
    """Give a day in Europe/London: `Mon 2 Mar 2026`."""
    local = when.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y}"


def occurred(when: Occurred) -> str:
    """Give a time as exactly as its source gave it, and no more so."""
    local = when.at.astimezone(LONDON)
    match when.precision:
        case Precision.INSTANT:
            return moment(when.at)
        case Precision.MONTH:
            return f"{local:%b %Y}"
        case Precision.YEAR:
            return f"{local:%Y}"
        case _:
            return day(when.at)


def gestation(days: int) -> str:
    """Give completed weeks and days: `36 weeks and 2 days`."""
    weeks, rest = divmod(days, 7)
    return f"{weeks} weeks and {rest} day{'' if rest == 1 else 's'}"


def listed(codes: tuple[str, ...]) -> str:
    """Give codes as words with commas, or `none`."""
    return ", ".join(words(code) for code in codes) or "none"


def why_this_team(found: TeamFound) -> str:
    """Give why the team that is asked is this one."""
    return _FOUND[found]
