"""What records become, by one adapter: as the stage of mapping decides, with nobody named.

An outcome can be kept in a file and compared with what another version makes of the same
records. It holds derived ids, kinds, days and keyed hashes of values, and no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from kinbridge.adapters.recorded import Record
from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.stage import CASES, NHS
from kinbridge.mapping.stage import declare
from kinbridge.mapping.state import MappingState
from kinbridge.stage import At, Message
from kinbridge_casesystem.port import source_authority
from kinbridge_schemas.base import Value
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

PSEUDONYMS: Final = Pseudonymiser(b"of dry runs, in which no pseudonym is shown or kept")
BETWEEN: Final = timedelta(minutes=1)
"""The time between two records."""


class Told(Value):
    """One account of one fact. `fields` are keyed hashes of what it says, by path."""

    fact: str
    act: str
    kind: str
    day: str
    about: str
    fields: dict[str, str]

    @property
    def line(self) -> str:
        verb = "says" if self.act == "assert" else "takes back"
        return f"{verb} {self.kind} of {self.day}, about {self.about}"


class Outcome(Value):
    """What one record became. `ends` are ends here, and why it could not be read."""

    record: str
    told: tuple[Told, ...] = ()
    ends: tuple[str, ...] = ()
    readable: bool = True


class Outcomes(Value):
    """What recorded input became, by one version of a mapping."""

    mapping: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """How records come: by which route and source, since when, under which pseudonyms.

    What is kept in a file needs a secret that nobody knows, or its hashes could be guessed.
    """

    route: str
    source: str
    start: datetime
    pseudonymiser: Pseudonymiser = PSEUDONYMS

    def entry(self, number: int, record: Record) -> Entry:
        """Give the n-th record as intake would write it."""
        arrival = Arrival(self.pseudonymiser, self.start + number * BETWEEN)
        key = self.pseudonymiser.of_source_record(self.source, record.key)
        topic = CASES if source_authority(self.source) is not None else NHS
        return arrival.entry(
            topic, self.route, self.source, key, record.content, record.content_type
        )


def outcomes_of(adapter: Adapter, feed: Feed, records: Iterable[Record]) -> Outcomes:
    """Map records one after the other, each after what mapping keeps of the one before it."""
    stage = declare(pseudonymiser=feed.pseudonymiser, routes={feed.route: adapter})
    states: dict[str, MappingState] = {}
    found = []
    for number, record in enumerate(records):
        entry = feed.entry(number, record)
        key, now = entry.key, entry.envelope.recorded
        message = Message(entry.topic, key, entry.envelope, _received(record, entry.envelope))
        at = At(now=now, clock=now)
        try:
            decision = stage.decide(states.get(key, stage.fresh()), message, at)
        except UnreadableError as problem:
            why = f"dead-letter {problem.reason} {problem.path}".rstrip()
            found.append(Outcome(record=record.name, ends=(why,), readable=False))
            continue
        states[key] = decision.state
        bodies = [output.body for output in decision.outputs]
        found.append(
            Outcome(
                record=record.name,
                told=tuple(
                    _told(body, feed.pseudonymiser)
                    for body in bodies
                    if isinstance(body, ChildEvent)
                ),
                ends=tuple(
                    f"{body.end} {body.reason}" for body in bodies if isinstance(body, Disposition)
                ),
            )
        )
    return Outcomes(mapping=adapter.version, outcomes=tuple(found))


def _received(record: Record, envelope: Envelope) -> Received:
    route, _, source = envelope.source.partition(":")
    return Received(
        id=envelope.id,
        content=record.content,
        content_type=record.content_type,
        source=source,
        route=route,
    )


def _told(event: ChildEvent, pseudonymiser: Pseudonymiser) -> Told:
    said = event.model_dump(
        mode="json", include={"occurred", "subjects", "detail", "act", "version"}
    )
    return Told(
        fact=event.fact,
        act=event.act,
        kind=event.detail.kind,
        day=f"{event.occurred.at:%Y-%m-%d}",
        about=", ".join(subject.role.value for subject in event.subjects),
        fields={
            path: pseudonymiser.fingerprint(f"{path}={value}".encode())
            for path, value in _leaves(said, "")
        },
    )


def _leaves(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for name, each in value.items():
                yield from _leaves(each, f"{path}.{name}" if path else name)
        case list():
            for number, each in enumerate(value):
                yield from _leaves(each, f"{path}[{number}]")
        case None:
            return
        case _:
            yield path, str(value)
