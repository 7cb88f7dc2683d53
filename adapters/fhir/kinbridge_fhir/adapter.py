"""The adapter of the route `fhir-message`: a FHIR message Bundle to shared events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kinbridge_fhir.appointments import appointment
from kinbridge_fhir.births import births
from kinbridge_fhir.codes import MAPPING_VERSION, Reading
from kinbridge_fhir.encounters import encounter
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.message import Message
from kinbridge_fhir.nodes import Node, read
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

# What a message may be about. All else in it is there to explain these: patients,
# organisations, places, staff, observations, consent.
_COULD_BE_FACTS: Final = frozenset(
    {
        *("Appointment", "Encounter", "Flag", "Immunization", "ServiceRequest", "ReferralRequest"),
        *("Communication", "Task", "CarePlan", "Procedure", "Condition", "Composition"),
    }
)


class FhirMessages:
    """Maps FHIR messages, STU3 and R4, JSON and XML. Holds nothing."""

    version = MAPPING_VERSION
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one message. Raises UnreadableError where no fact of it can be read."""
        message = Message(read(received.content, received.content_type))
        account = Account(message, received.source, given.pseudonymiser, given.now)
        facts = tuple(_facts(account, received.id))
        return Mapped(
            events=tuple(fact for fact in facts if isinstance(fact, ChildEvent)),
            ends=tuple(fact for fact in facts if isinstance(fact, Ended)),
            version=message.version,
        )


def _facts(account: Account, received: str) -> Iterable[ChildEvent | Ended]:
    message = account.message
    _ = message.message_id  # a message without one cannot be told from its repeat
    reading = message.reading
    if reading is None:
        return (parked(received, "event-unknown"),)
    if reading is Reading.NOT_USED:
        return (parked(received, reading.value),)
    if reading is Reading.BIRTH:
        return births(account)
    found = list(_by_resource(account, reading))
    if not found:
        return (parked(received, "message-without-facts"),)
    return _unless_all_unreadable(found)


def _by_resource(
    account: Account, reading: Reading
) -> Iterator[ChildEvent | Ended | tuple[Ended, UnreadableError]]:
    focus = [id(resource) for resource in account.message.focus]
    for resource in account.message.resources:
        kind = resource.kind
        if kind == "Appointment":
            yield from _tried(account, resource, lambda r: [appointment(account, r)])
        elif kind == "Encounter" and reading is Reading.RESOURCES:
            yield from _tried(account, resource, lambda r: encounter(account, r))
        elif kind == "Encounter":
            # In a referral or booking it is the sender's own triage, as of a call to 111: not
            # an arrival. Saying that somebody came who did not come would be the worst reading.
            yield parked(account.fact("encounter", resource), "encounter-of-a-referral")
        elif kind in _COULD_BE_FACTS or id(resource) in focus:
            yield parked(account.fact(_word(kind), resource), "resource-not-used")


def _tried(
    account: Account,
    resource: Node,
    mapping: Callable[[Node], Iterable[ChildEvent | Ended]],
) -> Iterator[ChildEvent | Ended | tuple[Ended, UnreadableError]]:
    # One unreadable resource does not lose the others of its message.
    try:
        yield from list(mapping(resource))
    except UnreadableError as problem:
        fact = account.fact(_word(resource.kind), resource)
        yield parked(fact, problem.reason, "parked-unreadable"), problem


def _unless_all_unreadable(
    found: list[ChildEvent | Ended | tuple[Ended, UnreadableError]],
) -> Iterator[ChildEvent | Ended]:
    problems = [item[1] for item in found if isinstance(item, tuple)]
    # With nothing mapped the whole message is a dead letter, so that its bytes are kept.
    if problems and not any(isinstance(item, ChildEvent) for item in found):
        raise problems[0]
    return (item[0] if isinstance(item, tuple) else item for item in found)


def _word(kind: str) -> str:
    """The word that a type of resource has in our ids. An unlisted one stays nameless."""
    known = kind in _COULD_BE_FACTS
    return kind.lower() if known else "resource"
