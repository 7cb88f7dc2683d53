"""A death notification: believed, registered, or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.message import codings
from kinbridge_fhir.nems.news import News, time_of
from kinbridge_fhir.nodes import Node, extension, text
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.vocabulary import Occurred

_STATUS: Final = (
    "https://fhir.hl7.org.uk/STU3/StructureDefinition/"
    "Extension-CareConnect-DeathNotificationStatus-1"
)
_PART: Final = "deathNotificationStatus"
# CareConnect-DeathNotificationStatus-1: 1 was noted by somebody, 2 is the registrar's word or
# a maternity unit's of a stillbirth, U takes either back.
_FORMAL: Final = {"1": False, "2": True}
_REMOVED: Final = "U"


def death(news: News) -> Iterator[ChildEvent | Ended]:
    """Give the death, or that it is taken back. It is one fact of the person."""
    who = news.who("subject")
    if isinstance(who, str):
        yield news.parked(who)
        return
    status, died = death_status(who.named), text(who.named, "deceasedDateTime")
    if status == _REMOVED or news.action == "delete":
        yield news.told(who, "death", PdsChanged(change="death"), withdrawn=True)
    elif status in _FORMAL or (status is None and died is not None):
        detail = PdsChanged(change="death", formal=_FORMAL.get(status or ""))
        yield news.told(who, "death", detail, _when(who.named) or news.timestamp)
    else:
        yield news.parked("death-status-missing" if status is None else "death-status-unknown")


def death_status(patient: Node) -> str | None:
    """Give the code of the death notification status of a Patient, where it has one."""
    status = extension(patient, _STATUS)
    # An official example has the part without the whole.
    for holder in (extension(status, _PART), status, extension(patient, _PART)):
        found = next(codings(holder, "valueCodeableConcept"), None) if holder else None
        if found is not None:
            return found.code
    return None


def _when(patient: Node) -> Occurred | None:
    # When the status was set on the record stands in for a time of death that is not given.
    effective = extension(extension(patient, _STATUS), "systemEffectiveDate")
    return time_of(patient, "deceasedDateTime") or time_of(effective, "valueDateTime")
