"""Newborn screening: that a screen was done, was not, or was declined. Never what it found.

The outcome of a part says whether it took place, and nothing else is taken of it. A screen has
no `update`: another `new` of the same Encounter takes its place. A `delete` may bring the header
and the Encounter alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

from kinbridge_fhir.message import codings
from kinbridge_fhir.nems.news import News
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.systems import SNOMED
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import NewbornScreeningRecorded, ScreeningStatus
from kinbridge_schemas.mapped import Ended

Screen = Literal["hearing", "nipe", "blood-spot"]

_WITHDRAWN: Final = "entered-in-error"
# SNOMED CT, of the examples of the specification (2025-01-30); the value sets themselves are
# not published with it. A code that is not here leaves the screen `unknown`; so does
# 1239971000000104 of the blood spot example, which may stand for any finding of a kind.
_DONE: Final = (
    *("985891000000104", "989071000000108", "988931000000101", "988511000000100"),
    *("1085451000000103", "1085431000000105", "1085501000000100", "1085491000000106"),
    *("276781000000109", "2201881000000102"),
)
# A sample that cannot be used is a screen that has to be done again.
_NOT_DONE: Final = (
    *("946431000000102", "949041000000108", "950641000000105", "952081000000108"),
    *("951461000000103", "947511000000106", "948801000000106", "949981000000104"),
)
_DECLINED: Final = ("947611000000105",)
_OUTCOMES: Final = {
    **dict.fromkeys(((SNOMED, code) for code in _DONE), ScreeningStatus.DONE),
    **dict.fromkeys(((SNOMED, code) for code in _NOT_DONE), ScreeningStatus.NOT_DONE),
    **dict.fromkeys(((SNOMED, code) for code in _DECLINED), ScreeningStatus.DECLINED),
}
_SUMMARY: Final = (SNOMED, "276771000000107")
"""The Observation that sums a hearing screen up."""

_NEITHER: Final = frozenset({ScreeningStatus.NOT_DONE, ScreeningStatus.DECLINED})
# FHIR STU3 EventStatus of a Procedure that did not come to its end.
_BROKEN_OFF: Final = frozenset({"aborted", "suspended"})


def screen(news: News, which: Screen) -> Iterator[ChildEvent | Ended]:
    """Give one screen of a newborn, or that it never was so."""
    who = news.who("subject")
    if isinstance(who, str):
        yield news.parked(who)
        return
    detail = NewbornScreeningRecorded(
        screen=which, status=_status(news), provider=news.provider(who, "serviceProvider")
    )
    yield news.told(
        replace(who, newborn=True),
        f"screening-{which}",
        detail,
        news.time("period", "start"),
        thread=news.focus,
        withdrawn=text(news.focus, "status") == _WITHDRAWN,
    )


def _status(news: News) -> ScreeningStatus:
    encounter = text(news.focus, "status")
    if encounter == "cancelled":
        return ScreeningStatus.NOT_DONE
    if encounter != "finished":
        return ScreeningStatus.UNKNOWN
    summary = news.message.observations.get(_SUMMARY, ())
    parts = [_outcome(each, "valueCodeableConcept") for each in summary] or _procedures(news)
    return _together(parts)


def _procedures(news: News) -> list[ScreeningStatus]:
    return [
        _part(procedure)
        for procedure in news.message.of_kind("Procedure")
        if text(procedure, "status") != _WITHDRAWN and _belongs(news, procedure)
    ]


def _belongs(news: News, procedure: Node) -> bool:
    context = one(procedure, "context")
    return context is None or news.message.resolve(context) is news.focus


def _part(procedure: Node) -> ScreeningStatus:
    said = _outcome(procedure, "outcome")
    not_done = text(procedure, "notDone") == "true" or text(procedure, "status") in _BROKEN_OFF
    return ScreeningStatus.NOT_DONE if not_done and said not in _NEITHER else said


def _outcome(part: Node, field: str) -> ScreeningStatus:
    listed = (_OUTCOMES.get(code.pair) for code in codings(part, field))
    return next((status for status in listed if status is not None), ScreeningStatus.UNKNOWN)


def _together(parts: Iterable[ScreeningStatus]) -> ScreeningStatus:
    """One word for all parts; parts that went differently have none, and nothing is guessed."""
    found = set(parts)
    if len(found) == 1:
        return found.pop()
    return ScreeningStatus.NOT_DONE if found == _NEITHER else ScreeningStatus.UNKNOWN
