"""The adapter of the route `fhir-message`: a FHIR message Bundle to shared events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kinbridge_fhir.codes import MAPPING_VERSION, Reading
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.feed import NO_CODES, LocalCodes, MappingByFeed
from kinbridge_fhir.message import Message
from kinbridge_fhir.nems import facts_of_event
from kinbridge_fhir.nodes import read
from kinbridge_fhir.resources import facts_of
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.received import Received

# In a referral or booking it is the sender's own triage, as of a call to 111: not an arrival.
# Saying that somebody came who did not come would be the worst reading.
_UNUSED: Final[Mapping[Reading, Mapping[str, str]]] = {
    Reading.RESOURCES_OF_A_REFERRAL: {"Encounter": "encounter-of-a-referral"}
}


class FhirMessages(MappingByFeed[LocalCodes]):
    """Maps FHIR messages, STU3 and R4, JSON and XML. `feeds` are local codes by feed."""

    mapping = MAPPING_VERSION

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one message. Raises UnreadableError where no fact of it can be read."""
        message = Message(read(received.content, received.content_type))
        codes = self._feeds.get(received.source, NO_CODES)
        account = Account(message, received.source, given.pseudonymiser, given.now, codes)
        facts = tuple(_facts(message, account, received.id))
        return Mapped(
            events=tuple(fact for fact in facts if isinstance(fact, ChildEvent)),
            ends=tuple(fact for fact in facts if isinstance(fact, Ended)),
            version=message.version,
        )


def _facts(message: Message, account: Account, received: str) -> Iterable[ChildEvent | Ended]:
    _ = message.message_id  # a message without one cannot be told from its repeat
    reading = message.reading
    if reading is None:
        return (parked(received, "event-unknown"),)
    if reading is Reading.NOT_USED:
        return (parked(received, reading.value),)
    if reading is Reading.NEMS:
        return facts_of_event(message, account)
    found = facts_of(
        account, message.resources, about=message.focus, unused=_UNUSED.get(reading, {})
    )
    return found or (parked(received, "message-without-facts"),)
