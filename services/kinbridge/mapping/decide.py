"""Decide what a received record means, by its adapter. Pure: no clock, no topic, no table.

Every record ends: as events that go on to linking, or here with a reason. A repeat is told
from a conflict by keyed hashes: the same content again is a duplicate; the same version of a
record with other content is parked for a person, and never dropped as a duplicate. An older
version that comes late is mapped like any other: the picture of the child sorts accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kinbridge.mapping.answers import events_of
from kinbridge.mapping.state import Account, MappingState
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.dispositions import Disposition, End
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Adapter, Ended, Given, Mapped, Routes
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.responses import Response

STAGE: Final = "mapping"
ANSWER_MAPPING: Final = "response-1"
OTHER_CONTENT: Final = "same-version-other-content"
NOTHING_NEW: Final = "nothing-new"
"""The end of a snapshot that tells nothing that was not known."""
NOT_VALID: Final = "mapped-not-valid"
"""Mapped like any other, of a source that is validated whole: it is not as its standard says."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Where what is decided goes."""

    events: str
    dispositions: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """What mapping is configured with: adapters by route, and how long repeats are told."""

    routes: Routes
    pseudonymiser: Pseudonymiser
    keep: timedelta
    topics: Topics

    def decide(self, state: MappingState, message: Message, at: At, /) -> Decision[MappingState]:
        """Map one record. Raises UnreadableError for what its adapter can never read."""
        match message.body:
            case Received() as received:
                return self._received(state, received, message, at)
            case Response() as response:
                found = events_of(response, self.pseudonymiser)
                reason = "answered" if found else "no-fact-in-answer"
                said = self._events(found, ANSWER_MAPPING)
                return Decision(reason, state, said, due=state.due)
            case _:
                raise UnreadableError("contract-unexpected")

    def on_due(self, state: MappingState, _key: str, at: At, /) -> Decision[MappingState]:
        """Forget what was kept only to tell repeats."""
        kept = state.at(at.clock)
        return Decision("forgotten", kept, due=kept.due)

    def _received(
        self, state: MappingState, received: Received, message: Message, at: At
    ) -> Decision[MappingState]:
        adapter = self.routes.get(received.route)
        if adapter is None:
            raise UnreadableError("route-unknown", "ce_source")
        content = self.pseudonymiser.fingerprint(received.content)
        if not adapter.compares and state.holds(content):
            return self._ended(state, message, "duplicate", "same-content")
        mapped = adapter(received, Given(self.pseudonymiser, at.now, state.remembered))
        if not adapter.compares:
            if state.contradicts(mapped.version, content):
                return self._ended(state, message, "parked-conflict", OTHER_CONTENT)
            account = Account(version=mapped.version, content=content, until=at.now + self.keep)
            state = state.adding(account)
        else:
            state = state.model_copy(update={"remembered": mapped.remember})
        return self._told(state, message, mapped, adapter)

    def _told(
        self, state: MappingState, message: Message, mapped: Mapped, adapter: Adapter
    ) -> Decision[MappingState]:
        events, conflicts = _one_account_each(mapped.events)
        ends = (*mapped.ends, *conflicts)
        if not events and not ends:
            return self._ended(state, message, "duplicate", NOTHING_NEW)
        outputs = (
            *self._events(events, adapter.version),
            *(self._disposition(message, end) for end in ends),
        )
        understood = NOT_VALID if mapped.flaws else "mapped"
        reason = understood if events else ends[0].reason
        return Decision(reason, state, outputs, due=state.due)

    def _ended(
        self, state: MappingState, message: Message, end: End, reason: Code
    ) -> Decision[MappingState]:
        said = Ended(fact=message.envelope.id, end=end, reason=reason)
        return Decision(reason, state, (self._disposition(message, said),), due=state.due)

    def _events(self, events: Iterable[ChildEvent], mapping: str) -> tuple[Output, ...]:
        topic = self.topics.events
        return tuple(Output(topic, e.subject, e, mapping=mapping) for e in events)

    def _disposition(self, message: Message, ended: Ended) -> Output:
        of = message.envelope.id
        body = Disposition(
            id=derive_id("disposition", of, ended.fact, ended.end, ended.reason),
            message=of,
            fact=ended.fact,
            end=ended.end,
            reason=ended.reason,
            stage=STAGE,
            source=message.envelope.source,
        )
        return Output(self.topics.dispositions, of, body)


def _one_account_each(
    events: Iterable[ChildEvent],
) -> tuple[tuple[ChildEvent, ...], tuple[Ended, ...]]:
    """Keep the latest account of each fact that one message tells more than once.

    Two accounts of one version that differ are a conflict: neither goes on.
    """
    kept: dict[str, ChildEvent] = {}
    torn: dict[str, None] = {}
    for event in events:
        before = kept.get(event.fact)
        if before is None or event.version.later_than(before.version):
            kept[event.fact] = event
            torn.pop(event.fact, None)
        elif event.version == before.version and event != before:
            torn[event.fact] = None
    conflicts = tuple(
        Ended(fact=fact, end="parked-conflict", reason=OTHER_CONTENT) for fact in torn
    )
    return tuple(event for fact, event in kept.items() if fact not in torn), conflicts
