"""An adapter on trial: called as mapping calls it, with everything given. Part of the kit."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Adapter, Given, Mapped, Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
PSEUDONYMS: Final = Pseudonymiser(b"the secret of a trial, long enough to be one")
OTHERS: Final = Pseudonymiser(b"another secret, with which all ids must differ")
AN_HOUR: Final = timedelta(hours=1)

_REASON: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PATH: Final = re.compile(r"[A-Za-z0-9_.\[\]?$-]{0,200}")
_DEEP: Final = (b"[" * 20_000, b'{"a":' * 9_000)
_NEVER_VALID: Final = (b"", b"\xff\xfe\x00", b"{}", b"[]", b"<a/>", *_DEEP)
_CUTS: Final = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """One adapter and the feed that its records come by."""

    adapter: Adapter
    source: str
    content_type: str
    route: str

    def once(
        self,
        content: bytes,
        remembered: Remembered | None = None,
        *,
        now: datetime = NOW,
        pseudonymiser: Pseudonymiser = PSEUDONYMS,
    ) -> Mapped:
        """Map one record, with nothing known from before unless it is given."""
        received = Received(
            id=derive_id("received", pseudonymiser.fingerprint(content)),
            content=content,
            content_type=self.content_type,
            source=self.source,
            route=self.route,
        )
        return self.adapter(received, Given(pseudonymiser, now, remembered or Remembered()))

    def in_turn(self, *contents: bytes) -> list[Mapped]:
        """Map accounts of one record that come an hour apart."""
        history = History(self, contents)
        return [history.next() for _ in contents]

    def unreadable(self, content: bytes) -> UnreadableError | None:
        """Give why bytes cannot be read, or None. Whatever else is raised goes through."""
        try:
            self.once(content)
        except UnreadableError as problem:
            return problem
        return None


@dataclass(slots=True)
class History:
    """The accounts of one record, told one after the other. The last is told again and again."""

    trial: Trial
    contents: Sequence[bytes]
    told: list[Mapped] = field(default_factory=list)

    def next(self) -> Mapped:
        at = len(self.told)
        before = self.told[-1].remember if self.told else None
        content = self.contents[min(at, len(self.contents) - 1)]
        self.told.append(self.trial.once(content, before, now=NOW + at * AN_HOUR))
        return self.told[-1]


def spoilt(content: bytes, identifiers: Sequence[str]) -> Iterator[bytes]:
    """Give a record cut short, and with each identifier made into what it cannot be."""
    yield from _NEVER_VALID
    for cut in range(1, _CUTS):
        yield content[: len(content) * cut // _CUTS]
    for text in identifiers:
        own = text.encode()
        if own in content:
            yield content.replace(own, own + b"&%!" + b"9" * 300)
            yield content.replace(own, own + b"-9")


def badly_told(problem: UnreadableError, identifiers: Sequence[str]) -> str:
    """Say what is wrong with an error, or nothing. It may hold a code and names of fields."""
    if not _REASON.fullmatch(problem.reason):
        return "the reason is no code in small letters"
    if not _PATH.fullmatch(problem.path):
        return "the path is not made of names of fields"
    if names_somebody("".join(traceback.format_exception(problem)), identifiers):
        return "the error, or what it was raised from, holds an identifier"
    return ""


def names_somebody(text: str, identifiers: Sequence[str]) -> bool:
    return any(identifier in text for identifier in identifiers)


def shown(mapped: Mapped) -> str:
    """Give what of a result may be seen by anybody: all but the concealed identifiers."""
    parts = [mapped.version, mapped.remember.model_dump_json()]
    parts += [end.model_dump_json() for end in mapped.ends]
    parts += [flaw.model_dump_json() for flaw in mapped.flaws]
    return "\n".join([*parts, *map(repr, mapped.events)])


def facts(events: Sequence[ChildEvent]) -> set[str]:
    return {event.fact for event in events}


def numbers(events: Sequence[ChildEvent]) -> set[str]:
    """Give the NHS numbers that subjects carry."""
    return {
        subject.nhs_number.reveal()
        for event in events
        for subject in event.subjects
        if subject.nhs_number is not None
    }
