"""What is heard of a subscription, as values. Pure: whoever decides by them needs no parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]
"""What a notification is about, in FHIR's own words."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a notification: its number, and the reference of what it is about.

    Neither need be there: an empty payload has no focus. `removed` says that what it is about
    was deleted.
    """

    number: int | None
    focus: str | None = field(repr=False)
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says of its subscription. `since_start` counts all events so far.

    `status` is empty where none of FHIR's is said.
    """

    kind: Kind
    status: str
    since_start: int | None
    events: tuple[Happened, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(event.number for event in self.events if event.number is not None)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is to be asked for: the reference as the server wrote it, and the event's number."""

    reference: str = field(repr=False)
    removed: bool = False
    number: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a notification leaves to be asked for. `unnamed` are events that name nothing."""

    notice: Notice
    pointers: tuple[Pointer, ...] = ()
    unnamed: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A Subscription as a server has it: its id, status and end, and what it was asked for."""

    id: str
    status: str
    end: str
    asked: str = ""
