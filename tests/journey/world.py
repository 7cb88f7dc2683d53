"""The line in memory behind the real door's decisions, with a clock that the test moves.

The stages are those of the pipeline, the policies those that are shipped, and what enters is
decided by intake's own code; only HTTP, the broker, the databases and the waiting are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from kinbridge.demo.played import Answered, Arrival
from kinbridge.demo.sources import SOURCES, source_keys
from kinbridge.demo.templates import Request
from kinbridge.intake import decide as door
from kinbridge.intake.entries import Arrival as Arriving
from kinbridge.intake.entries import Entry
from kinbridge.intake.files.taking import taking
from kinbridge.intake.files.unpack import Copies
from kinbridge.intake.keys import SourceKey
from kinbridge.partnership.loader import load_all
from kinbridge.partnership.model import Partnership
from kinbridge.pipeline import stages
from kinbridge.runtime.memory import Line, Performed
from kinbridge.sources.model import Sources
from kinbridge_casesystem.cutting import unheard
from kinbridge_fhir.envelope import message_id
from kinbridge_schemas.alerts import AlertRevision, TeamAlert
from kinbridge_schemas.concerns import SharingDecision
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.topics import load_topics

ROOT: Final = Path(__file__).resolve().parents[2]
POLICIES: Final = ROOT / "deploy" / "partnerships"
TOPICS: Final = load_topics(ROOT / "topics.yaml").with_partitions(2)
CODEC: Final = codec()
ACCEPTED: Final = 202
_TEAMS: Final = ("alerts.macpt.{authority}", "alerts.family-help.{authority}")
_A_MOMENT: Final = timedelta(seconds=1)
_HALF_AN_HOUR: Final = timedelta(minutes=30)
_NO_SOURCES: Final = Sources()


@cache
def shipped() -> dict[str, Partnership]:
    """The policies as they are shipped."""
    return dict(load_all(POLICIES))


class MemoryWorld:
    """A world for the player of stories, and for tests that speak to it directly.

    `performs` are the agents of stages that touch the outside, by the name of the stage.
    """

    def __init__(
        self,
        start: datetime,
        *,
        partnerships: Mapping[str, Partnership] | None = None,
        disorder: Random | None = None,
        sources: Sources = _NO_SOURCES,
        performs: Mapping[str, Performed] | None = None,
    ) -> None:
        policies = partnerships if partnerships is not None else shipped()
        pseudonymiser = Pseudonymiser(b"a secret of the journeys, long enough")
        line = stages(pseudonymiser, policies, sources)
        self.line: Final = Line(line, TOPICS, CODEC, performs=performs, disorder=disorder)
        self._pseudonymiser: Final = pseudonymiser
        self._authorities: Final = tuple(policies)
        self._sources: Final = sources
        self._senders: Final = {key.name: key for key in source_keys({s: s for s in SOURCES})}
        self._now = start
        self._read: set[str] = set()
        self.line.tick(start)
        self.line.run()

    def now(self) -> datetime:
        return self._now

    def until(self, when: datetime) -> None:
        """Let the clock tell that time, and nothing between."""
        self._now = max(self._now, when)
        self.line.tick(self._now)
        self.line.run()

    def watch(self, when: datetime) -> None:
        """Let the clock tell the time every half hour until then, as people would see it pass."""
        while self._now < when:
            self.until(min(when, self._now + _HALF_AN_HOUR))

    def pass_time(self, **span: float) -> None:
        self.watch(self._now + timedelta(**span))

    def send(self, request: Request) -> Answered:
        decided = self._decided(request)
        if isinstance(decided, door.Refused):
            return Answered(request, decided.status, self._seconds())
        self.put(*decided.entries)
        return Answered(request, ACCEPTED, self._seconds())

    @property
    def arrival(self) -> Arriving:
        """What a way in needs to make its records."""
        return Arriving(self._pseudonymiser, self._now)

    def put(self, *entries: Entry) -> None:
        """Write what some way in has made."""
        for entry in entries:
            headers = tuple(to_headers(entry.envelope))
            self.line.send_bytes(entry.topic, entry.key.encode(), entry.value, headers)
        self.line.run()
        assert self.unread() == []

    def listen(self, within: timedelta) -> Sequence[Arrival]:
        """Give what is new; while nothing is, let the time go by."""
        for step in (timedelta(), min(within, _A_MOMENT), max(timedelta(), within - _A_MOMENT)):
            if step:
                self.until(self._now + step)
            if arrivals := self._arrivals():
                return arrivals
        return []

    def alerts(self) -> list[AlertRevision]:
        """Give every revision that consolidation has said, in the order of its saying."""
        found = [m.body for m in self.line.outputs("alerts")]
        said = [body for body in found if isinstance(body, AlertRevision)]
        return sorted(said, key=lambda r: (r.settled_at, r.alert, r.revision))

    def unread(self) -> list[str]:
        """Give why records ended as dead letters: none should in a journey of good input."""
        found = (m.body for m in self.line.outputs("dead-letters"))
        return [f"{b.reason} at {b.path}" for b in found if isinstance(b, DeadLetter)]

    def dispositions(self) -> list[Disposition]:
        found = (m.body for m in self.line.outputs("dispositions"))
        return [body for body in found if isinstance(body, Disposition)]

    def sharing(self) -> list[SharingDecision]:
        found = (m.body for m in self.line.outputs("sharing-decisions"))
        return [body for body in found if isinstance(body, SharingDecision)]

    def _arrivals(self) -> list[Arrival]:
        found = []
        for topic in _TEAMS:
            for authority in self._authorities:
                for message in self.line.outputs(topic, authority=authority):
                    body = message.body
                    if isinstance(body, TeamAlert) and body.id not in self._read:
                        self._read.add(body.id)
                        name = topic.format(authority=authority)
                        found.append(Arrival(body, name, self._seconds()))
        return sorted(found, key=lambda a: a.alert.revision)

    def _decided(self, request: Request) -> door.Decided:
        sender = self._senders[request.key_of]
        entrance = door.Entrance(sender, self._pseudonymiser, self._now)
        kind = request.content_type.partition(";")[0]
        match request.path.strip("/").split("/"):
            case ["nhs", _]:
                return door.nhs_message(request.content, kind, entrance, message_id)
            case ["cases", _, "events"]:
                return door.case_events(request.content, entrance)
            case ["cases", _, "children"]:
                return door.case_children(request.content, entrance)
            case ["cases", _, "files", kind]:
                return self._loaded(request, sender, kind)
            case ["alerts", alert, "responses"]:
                return door.answer(request.content, alert, entrance)
            case _:
                raise AssertionError(f"No door at {request.path}.")

    def _loaded(self, request: Request, sender: SourceKey, kind: str) -> door.Accepted:
        taken = taking(self._sources, sender.case_source, kind)
        assert taken is not None
        copies = Copies(len(request.content) * 100)
        try:
            copies.add(request.file_name or "", [request.content])
            assert copies.refused is None
            parts = taken.format.cut(copies.files, taken.loading(self._now.date()), unheard)
            return door.Accepted(copies.digest, taken.entries(parts, self.arrival))
        finally:
            copies.close()

    def _seconds(self) -> float:
        return self._now.timestamp()
