"""A change of address: that somebody moved, and between which districts.

The service says itself that its address is no source of truth: whoever acts on the news asks
the Personal Demographics Service. So nothing finer than the first part of a postcode is taken,
and of a restricted record nothing at all. Whoever moves in and whoever moves out is told alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.nems.news import News, time_of
from kinbridge_fhir.nodes import Node, text
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.persons import AddressChanged
from kinbridge_schemas.identifiers import Postcode, PostcodeDistrict
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError

# `temp` and `work` are left out on purpose: the service tells of the usual address only.
_NEW: Final = frozenset({"home", None})
_OLD: Final = "old"


def address(news: News) -> Iterator[ChildEvent | Ended]:
    """Give the move. Where somebody lives is one fact: the latest account of it holds."""
    who = news.who("subject")
    if isinstance(who, str):
        yield news.parked(who)
        return
    places = list(who.named.all("address")) if who.named.kind == "Patient" else []
    new = next((place for place in places if text(place, "use") in _NEW), None)
    old = next((place for place in places if text(place, "use") == _OLD), None)
    moved = time_of(new, "period", "start") or time_of(old, "period", "end")
    detail = (
        AddressChanged()
        if who.restricted
        else AddressChanged(district=_district(new), previous_district=_district(old))
    )
    yield news.told(who, "address", detail, moved or news.timestamp)


def _district(place: Node | None) -> PostcodeDistrict | None:
    said = text(place, "postalCode")
    if said is None:
        return None
    try:
        return PostcodeDistrict(Postcode(said).reveal().partition(" ")[0])
    except UnreadableError:
        return None
