"""A change of general practice: registered with another, or with none.

The message names the practice of now on the Patient and the one before in a finished
EpisodeOfCare. Without one of now the registration has ended. It is one fact, so that a new
registration takes the news of a missing one back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.message import codings
from kinbridge_fhir.nems.news import News, time_of
from kinbridge_fhir.nodes import Node, one
from kinbridge_fhir.persons import provider_of
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import GpDeregistered, GpRegistered
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.vocabulary import Occurred, Provider

_PRIMARY_CARE: Final = "1"
# NHS Data Dictionary, ORGANISATION CODE default codes: no registered practice; not applicable,
# not known.
NO_PRACTICE: Final = frozenset({"V81997"})
NOT_SAID: Final = frozenset({"V81998", "V81999"})


def practice(news: News) -> Iterator[ChildEvent | Ended]:
    """Give the registration as it is now."""
    who = news.who("subject")
    if isinstance(who, str):
        yield news.parked(who)
        return
    patient = who.named
    named = one(patient, "generalPractitioner") if patient.kind == "Patient" else None
    found = provider_of(news.message, patient, "generalPractitioner") if named else None
    if found is not None and found.ods in NOT_SAID:
        yield news.parked("practice-not-said")
    elif named is None or (found is not None and found.ods in NO_PRACTICE):
        yield news.told(who, "practice", GpDeregistered(), _ended(news) or news.timestamp)
    else:
        shown = Provider() if who.restricted or found is None else found
        # There is no date of the new registration: the service says to take the timestamp.
        yield news.told(who, "practice", GpRegistered(practice=shown), news.timestamp)


def _ended(news: News) -> Occurred | None:
    for episode in news.message.of_kind("EpisodeOfCare"):
        if _of_primary_care(episode):
            return time_of(episode, "period", "end")
    return None


def _of_primary_care(episode: Node) -> bool:
    return any(code.code == _PRIMARY_CARE for code in codings(episode, "type"))
