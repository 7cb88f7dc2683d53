"""Professional contacts: which service is, or was, responsible for somebody's care.

Of the people nothing is taken: neither the team nor a practitioner is named. A service that is
not in the table is not told: it may itself say what somebody is treated for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from kinbridge_fhir.codes import SERVICES
from kinbridge_fhir.message import codings
from kinbridge_fhir.nems.news import News
from kinbridge_fhir.nems.whom import Who
from kinbridge_fhir.nodes import one, text
from kinbridge_schemas.base import Code
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import HealthServiceRecorded
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.vocabulary import Service

# FHIR STU3 EpisodeOfCareStatus. `cancelled` is an end: it may have been active before.
_STATUSES: Final[dict[str, Literal["active", "ended"]]] = {
    "active": "active",
    "onhold": "active",
    "finished": "ended",
    "cancelled": "ended",
}
_NOT_BEGUN: Final = frozenset({"planned", "waitlist"})
_WITHDRAWN: Final = "entered-in-error"
# That a parent has one of these is told as `parent_service`, which waits for a person.
_NOT_TOLD: Final = frozenset({Service.ADULT_MENTAL_HEALTH, Service.SUBSTANCE_USE})
_PHONE: Final = re.compile(r"[0-9+() .-]{3,30}( ?(ext|x)\.? ?[0-9]{1,6})?")


def service(news: News) -> Iterator[ChildEvent | Ended]:
    """Give the service with its state, or that it never was so."""
    who = news.who("patient")
    if isinstance(who, str):
        yield news.parked(who)
        return
    kind, said = _service(news), text(news.focus, "status") or ""
    withdrawn = said == _WITHDRAWN or news.action == "delete"
    reason = None if withdrawn else _reason(kind, said)
    if reason is not None and news.action == "new":
        yield news.parked(reason)
        return
    began, over = news.time("period", "start"), news.time("period", "end")
    if withdrawn or reason is not None:
        # An update to what is not told takes back what was told before, and names nobody.
        detail = HealthServiceRecorded(service=Service.UNKNOWN if kind in _NOT_TOLD else kind)
        yield news.told(who, "service", detail, began, thread=news.focus, withdrawn=True)
        return
    detail = HealthServiceRecorded(
        service=kind,
        status=_STATUSES[said],
        provider=news.provider(who, "managingOrganization"),
        contact=_contact(news, who),
    )
    when = over or began if detail.status == "ended" else began
    yield news.told(who, "service", detail, when, thread=news.focus)


def _service(news: News) -> Service:
    listed = (SERVICES.get(code.pair) for code in codings(news.focus, "type"))
    return next((kind for kind in listed if kind is not None), Service.UNKNOWN)


def _reason(kind: Service, status: str) -> Code | None:
    if kind is Service.UNKNOWN:
        return "service-not-listed"
    if kind in _NOT_TOLD:
        return "service-not-told"
    if status in _NOT_BEGUN:
        return "service-not-begun"
    return None if status in _STATUSES else "service-status-unknown"


def _contact(news: News, who: Who) -> str | None:
    organisation = news.message.resolve(one(news.focus, "managingOrganization"))
    if organisation is None or who.restricted:
        return None
    phones = (
        text(telecom, "value") or ""
        for telecom in organisation.all("telecom")
        if text(telecom, "system") == "phone"
    )
    # It is a field that people type in: what is no number to call is left out.
    return next((phone for phone in phones if _PHONE.fullmatch(phone)), None)
