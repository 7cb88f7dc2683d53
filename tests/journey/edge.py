"""The edge of the line as case systems meet it: real doors, watched folders and readings.

What these say in logs, metrics and answers is kept, to be searched with all else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from prometheus_client import generate_latest
from pydantic import SecretStr

from kinbridge.intake.app import create_app
from kinbridge.intake.files.agent import Folder, Watcher, Writing
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.files.serving import Round
from kinbridge.intake.files.taking import taking
from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge.intake.sql.agent import Copy
from kinbridge.sources.files import WatchedFolder
from kinbridge.sources.model import Sources
from kinbridge_casesystem.extract_model import load_mapping
from kinbridge_schemas.concerns import AlertProposed
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from tests.journey.adoption_extracts import database
from tests.journey.adoption_feeds import (
    BORN,
    Record,
    Rows,
    dfe_child,
    tables,
    webhook_events,
)
from tests.journey.people import Family, emergency_arrival
from tests.journey.ties import Pieces, pieces
from tests.journey.world import MemoryWorld

EXTRACTS: Final = Path(__file__).parents[2] / "deploy" / "extracts"
MAPPED: Final = {path.stem: load_mapping(path) for path in sorted(EXTRACTS.glob("*.yaml"))}
SOURCES: Final = Sources(extracts=tuple(MAPPED.values()))

FIRST: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
SIGNED: Final = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
ANEW: Final = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)

KEY: Final = "key of a case system"
KEYS: Final = Keys(
    keys=(
        SourceKey(
            name="system",
            sha256=sha256_of(KEY),
            source="liquidlogic",
            doors=frozenset({"events", "children"}),
            authority="209",
        ),
    )
)


@dataclass(frozen=True)
class Source:
    """One kind of case-system source.

    `cannot` names the signs that it has no word for, with the reason. `numbers` says whether
    it tells NHS numbers, and `relatives` whether it tells who is related; `raises` whether an
    alert follows from the old record's work.
    """

    route: str
    via: str
    source: str = "209.liquidlogic"
    files: Any = None
    rows: Any = None
    cannot: Mapping[str, str] = field(default_factory=dict)
    numbers: bool = False
    relatives: bool = False
    raises: bool = True

    @property
    def mapping(self) -> str:
        return {"liquidlogic": "lewisham-liquidlogic", "mosaic": "southwark-mosaic"}.get(
            self.source[4:], "ssd"
        )


class Edge:
    """The line behind real doors, watched folders and readings, with what these say kept."""

    def __init__(self, source: Source, place: Path) -> None:
        self.world: Final = MemoryWorld(FIRST - timedelta(hours=1), sources=SOURCES)
        self.source: Final = source
        self.place: Final = place
        self.said: list[str] = []

    # what may be written to, as intake's own places are

    @property
    def ready(self) -> bool:
        return True

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        self.world.line.send_bytes(topic, key.encode(), value, tuple(headers))

    @property
    def writing(self) -> Writing:
        return Writing(self, self.world.arrival.pseudonymiser, self.world.now)

    def take(self, *children: tuple[Record, str]) -> None:
        """Let the source tell of children, each with a sign or none, and the line run dry."""
        with structlog.testing.capture_logs() as logs:
            asyncio.run(self._take(children))
            self.world.line.run()
        self.said += [json.dumps(line, default=str) for line in logs]
        assert self.world.unread() == []

    def post(self, body: object) -> None:
        """Let the case system send a body to its door, and the line run dry."""
        asyncio.run(self._post(body))
        self.world.line.run()
        assert self.world.unread() == []

    async def _take(self, children: Sequence[tuple[Record, str]]) -> None:
        match self.source.via:
            case "children":
                await self._post([dfe_child(child, sign) for child, sign in children])
            case "events":
                # A webhook tells what happened, and nothing again.
                for event in webhook_events(*children[-1]):
                    await self._post(event)
            case "files":
                await self._drop(self._files(children))
            case _:
                await self._read(self.source.rows(children))

    def _files(self, children: Sequence[tuple[Record, str]]) -> Mapping[str, bytes]:
        if self.source.files is not None:
            return dict(self.source.files(children))
        return tables(self.source.rows(children))

    async def _post(self, body: object) -> None:
        app = create_app(
            keys=KEYS,
            durable=self,
            pseudonymiser=self.world.arrival.pseudonymiser,
            clock=self.world.now,
        )
        door = f"/cases/liquidlogic/{self.source.via}"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
            answer = await client.post(door, content=json.dumps(body), headers=headers)
            metrics = await client.get("/metrics")
        assert answer.status_code == 202, answer.text
        self.said += [answer.text, *metrics.text.splitlines()]

    async def _drop(self, files: Mapping[str, bytes]) -> None:
        told = WatchedFolder.model_validate(
            {
                "source": self.source.source,
                "kind": self.source.route,
                "folder_setting": "KINBRIDGE_FOLDER",
            }
        )
        taken = taking(SOURCES, told.source, told.kind)
        assert taken is not None
        (self.place / "load").mkdir()
        for name, content in files.items():
            (self.place / "load" / name).write_bytes(content)
        watcher = Watcher(Folder(self.place, told.max_bytes), taken, self.writing)
        watching = Round(told, watcher, Meters(), asyncio.Event())
        for _ in range(2):
            await watching.once()
        assert not (self.place / "load").exists()
        assert not list((self.place / "refused").iterdir())
        self.said += generate_latest(watching.meters.registry).decode().splitlines()

    async def _read(self, rows: Rows) -> None:
        mapping = MAPPED[self.source.mapping]
        names = {t.table: sorted(t.columns) for t in mapping.tables if t.table is not None}
        path = (self.place / "copy.sqlite3").as_posix()
        database(path, rows, names)
        await Copy(SecretStr(f"sqlite:///{path}"), mapping).read(self.writing)

    def arrives(self, family: str) -> str:
        """Let the child arrive at an emergency department, and give how that ended."""
        self.world.pass_time(hours=1)
        now = self.world.now()
        before = {each.id for each in self.world.dispositions()}
        child = Family(family, born=BORN)
        self.world.send(emergency_arrival(child, now, own=f"ed-{now:%d%H}"))
        [end] = [e.end for e in self.world.dispositions() if e.id not in before]
        return end

    def events(self) -> dict[str, ChildEvent]:
        found = (m.body for m in self.world.line.outputs("child-events"))
        return {body.id: body for body in found if isinstance(body, ChildEvent)}

    def events_since(self, before: Mapping[str, ChildEvent]) -> list[ChildEvent]:
        return [event for own, event in self.events().items() if own not in before]

    def record(self) -> ChildRecord:
        """Give the latest record that linking has said, of the one child that there is."""
        found = (m.body for m in self.world.line.outputs("linked-events"))
        records = [body.child for body in found if isinstance(body, LinkedEvent)]
        assert len({record.child for record in records}) == 1
        return max(records, key=lambda record: record.revision)

    def kept(self) -> Pieces:
        """Give what the stages keep: states and documents, but for what delivery waits with."""
        found = pieces(self.world)
        return {n: t for n, t in found.items() if "'s state" in n or "'s document" in n}

    def proposed(self) -> list[str]:
        """Give the rules of the concerns that stand, by the last that the rules said of each."""
        found = (m.body for m in self.world.line.outputs("alerts-proposed"))
        last = {b.concern.concern: b.concern for b in found if isinstance(b, AlertProposed)}
        return sorted(concern.rule for concern in last.values() if concern.status == "active")

    def standing(self) -> list[str]:
        """Give the rules of the alerts' items that stand, by the last revision of each."""
        last = {alert.alert: alert for alert in self.world.alerts()}
        items = [item.concern for alert in last.values() for item in alert.items]
        return sorted(concern.rule for concern in items if concern.status == "active")
