"""A door to knock at: the real app over a durable place that is held to what Kafka promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx

from kinbridge.intake.agent import NotDurableError
from kinbridge.intake.app import create_app
from kinbridge.intake.door import Limits
from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge_schemas.identifiers import Pseudonymiser

PSEUDONYMS: Final = Pseudonymiser(b"a secret of tests, and of tests only")
NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)

NHS: Final = "key of an NHS trust"
CASES: Final = "key of a case system"
TEAM: Final = "key of a team"
DIARY: Final = "key of a diary"

KEYS: Final = Keys(
    keys=(
        SourceKey(
            name="trust", sha256=sha256_of(NHS), source="example-trust", doors=frozenset({"nhs"})
        ),
        SourceKey(
            name="system",
            sha256=sha256_of(CASES),
            source="example",
            doors=frozenset({"events", "children"}),
            authority="209",
        ),
        SourceKey(
            name="team",
            sha256=sha256_of(TEAM),
            source="health-desk",
            doors=frozenset({"responses"}),
            authority="209",
        ),
        SourceKey(
            name="diary",
            sha256=sha256_of(DIARY),
            source="diary",
            doors=frozenset({"meetings"}),
            authority="209",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    key: str
    value: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class InMemory:
    """Keeps records; `refuses` is why it cannot, as Kafka would say."""

    records: list[Record] = field(default_factory=list)
    refuses: str = ""
    refuse_after: int = 0

    @property
    def ready(self) -> bool:
        return not self.refuses

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        if self.refuses and len(self.records) >= self.refuse_after:
            raise NotDurableError(self.refuses)
        found = {name: text.decode() for name, text in headers}
        self.records.append(Record(topic, key, value, found))


@asynccontextmanager
async def a_door(
    durable: InMemory | None = None, limits: Limits | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, InMemory]]:
    """Give a client of the app, and what it wrote."""
    kept = durable or InMemory()
    app = create_app(
        keys=KEYS,
        durable=kept,
        pseudonymiser=PSEUDONYMS,
        clock=lambda: NOW,
        limits=limits,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client, kept
