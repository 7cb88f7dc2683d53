"""The adapter of the route `hl7v2`: one ADT or SIU message to shared events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kinbridge_fhir.feed import MappingByFeed
from kinbridge_fhir.hl7v2.appointments import appointment
from kinbridge_fhir.hl7v2.codes import MAPPING_VERSION, TRIGGERS, Reading
from kinbridge_fhir.hl7v2.demographics import demographics, merges, relationships
from kinbridge_fhir.hl7v2.er7 import read
from kinbridge_fhir.hl7v2.facts import Account
from kinbridge_fhir.hl7v2.feed import STANDARD, FeedCodes
from kinbridge_fhir.hl7v2.header import charset_in, charset_of, read_header
from kinbridge_fhir.hl7v2.visits import visit
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.received import Received

_WITH_RELATIVES: Final = frozenset({Reading.ARRIVAL, Reading.UPDATE})


class Hl7v2(MappingByFeed[FeedCodes]):
    """Maps HL7 v2 messages. `feeds` are the local codes of each feed by its name.

    A feed that is not named has the standard's codes only: its own are parked.
    """

    mapping = MAPPING_VERSION

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one message. Raises UnreadableError where no fact of it can be read."""
        charset = charset_in(received.content_type) or charset_of(
            read_header(received.content), received.content
        )
        account = Account(
            message=read(received.content, charset),
            codes=self._feeds.get(received.source, STANDARD),
            source=received.source,
            received=received.id,
            pseudonymiser=given.pseudonymiser,
        )
        told = tuple(_facts(account))
        # The key of its record is the sender and the control id: under it the version is always
        # the same, so that other content under the same number is a conflict.
        return Mapped(
            events=tuple(fact for fact in told if isinstance(fact, ChildEvent)),
            ends=tuple(fact for fact in told if isinstance(fact, Ended)),
        )


def _facts(account: Account) -> Iterable[ChildEvent | Ended]:
    reading = TRIGGERS.get(account.trigger)
    kind, event = account.trigger
    if kind == "SIU" and event in account.codes.attendance:
        reading = Reading.APPOINTMENT
    if reading is None:
        return (account.parked("event-unknown"),)
    if reading is Reading.NOT_USED:
        return (account.parked(reading.value),)
    if reading is Reading.APPOINTMENT:
        return appointment(account)
    if reading is Reading.DEMOGRAPHICS:
        return demographics(account)
    if reading is Reading.MERGE:
        return merges(account)
    return _visit(account, reading)


def _visit(account: Account, reading: Reading) -> Iterator[ChildEvent | Ended]:
    yield from visit(account, reading)
    if reading in _WITH_RELATIVES:
        yield from relationships(account)
