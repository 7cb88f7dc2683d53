"""Vaccinations: one that was not given is news; one that was given takes the news back.

Which vaccine, which dose and where are left out: they are clinical. Of the reason only what
matters to those who care for the child is said, and of a clinical one only that it is clinical.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.message import codings
from kinbridge_fhir.nems.news import News
from kinbridge_fhir.nodes import one, text
from kinbridge_fhir.systems import SNOMED
from kinbridge_schemas.base import Code
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import ImmunisationOverdue
from kinbridge_schemas.mapped import Ended

# CareConnect-ReasonImmunizationNotAdministered-1 (HL7 UK, 1.0.0, 2019-11-22), SNOMED CT.
_REASONS: Final = {
    (SNOMED, "310376006"): "consent-not-given",  # immunisation consent not given
    (SNOMED, "201741000000102"): "not-brought",  # did not attend child immunisation
    (SNOMED, "281399006"): "not-brought",  # did not attend
    (SNOMED, "213257006"): "clinical-reason",  # generally unwell
    (SNOMED, "266758009"): "clinical-reason",  # immunisation contraindicated
}
_WITHDRAWN: Final = "entered-in-error"


def vaccination(news: News) -> Iterator[ChildEvent | Ended]:
    """Give that it was not given; or take that back."""
    who = news.who("patient")
    if isinstance(who, str):
        yield news.parked(who)
        return
    said = text(news.focus, "notGiven")
    withdrawn = text(news.focus, "status") == _WITHDRAWN or news.action == "delete"
    if said not in ("true", "false") and not withdrawn:
        yield news.parked("not-given-missing")
        return
    not_given = said == "true"
    yield news.told(
        who,
        "immunisation",
        ImmunisationOverdue(reason=_reason(news) if not_given else None),
        news.time("date"),
        thread=news.focus,
        withdrawn=withdrawn or not not_given,
    )


def _reason(news: News) -> Code | None:
    explanation = one(news.focus, "explanation")
    if explanation is None:
        return None
    listed = (_REASONS.get(code.pair) for code in codings(explanation, "reasonNotGiven"))
    return next((reason for reason in listed if reason is not None), None)
