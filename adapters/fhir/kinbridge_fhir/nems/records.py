"""That something on somebody's record changed, and nothing of what: ask for the record.

Where a number was superseded the news is sent under the old one, which is kept here as it is:
the new one, and whether the record is invalid, only the Personal Demographics Service says.
Only a mark that the message itself carries makes the record sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator

from kinbridge_fhir.nems.news import News
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.mapped import Ended


def record(news: News) -> Iterator[ChildEvent | Ended]:
    """Give that the record changed; and, where it says so, that it is sensitive."""
    who = news.who(header_first=True)
    if isinstance(who, str):
        yield news.parked(who)
        return
    when = news.timestamp
    yield news.told(who, "pds-record", PdsChanged(change="record"), when)
    if who.restricted:
        yield news.told(who, "pds-sensitive", PdsChanged(change="sensitive-on"), when)
