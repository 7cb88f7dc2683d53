"""Which event is mapped by what: one line for each code of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.message import Message
from kinbridge_fhir.nems.addresses import address
from kinbridge_fhir.nems.births import births
from kinbridge_fhir.nems.deaths import death
from kinbridge_fhir.nems.news import News, action_of
from kinbridge_fhir.nems.practices import practice
from kinbridge_fhir.nems.records import record
from kinbridge_fhir.nems.screening import screen
from kinbridge_fhir.nems.services import service
from kinbridge_fhir.nems.vaccinations import vaccination
from kinbridge_fhir.nodes import Node
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError

BIRTH: Final = "pds-birth-notification-1"


@dataclass(frozen=True, slots=True)
class Event:
    """What an event's focus is, and what maps it."""

    focus: str
    mapping: Callable[[News], Iterable[ChildEvent | Ended]]


EVENTS: Final[Mapping[str, Event]] = MappingProxyType(
    {
        "pds-change-of-address-1": Event("Communication", address),
        "pds-change-of-gp-1": Event("Communication", practice),
        "pds-death-notification-1": Event("Communication", death),
        "pds-record-change-1": Event("Patient", record),
        "professional-contacts-1": Event("EpisodeOfCare", service),
        "vaccinations-1": Event("Immunization", vaccination),
        "newborn-hearing-1": Event("Encounter", lambda news: screen(news, "hearing")),
        "nipe-outcome-1": Event("Encounter", lambda news: screen(news, "nipe")),
        "blood-spot-test-outcome-1": Event("Encounter", lambda news: screen(news, "blood-spot")),
    }
)


def facts_of_event(message: Message, account: Account) -> Iterable[ChildEvent | Ended]:
    """Give the facts of one event message, each with its end.

    Raises UnreadableError where the message has no focus of its event's kind, or where a field
    that is needed cannot be read.
    """
    code = message.event.code if message.event is not None else ""
    if code == BIRTH:
        return births(message, account)
    event = EVENTS[code]
    focus = _focus(message, event.focus)
    action = action_of(message.header)
    if action is None:
        return (parked(account.fact("nems", focus), "message-action-unknown"),)
    return event.mapping(News(message, account, focus, action))


def _focus(message: Message, kind: str) -> Node:
    named = [resource for resource in message.focus if resource.kind == kind]
    # A reference that leads nowhere can mean one thing only, where there is one of the kind.
    found = named or message.of_kind(kind)
    if not named and len(found) != 1:
        raise UnreadableError("focus-missing", "MessageHeader.focus")
    return found[0]
