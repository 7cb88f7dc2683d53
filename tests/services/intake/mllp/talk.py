"""A sender to talk as, and a listener to talk to: real sockets on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import hl7

from kinbridge.intake.agent import Clock, Durable
from kinbridge.intake.mllp.agent import Desk, Listener
from kinbridge.intake.mllp.frames import framed
from kinbridge.intake.mllp.meters import Meters
from kinbridge.sources.mllp import MllpFeed
from kinbridge_schemas.identifiers import Pseudonymiser

PSEUDONYMS: Final = Pseudonymiser(b"a secret of tests, and of tests only")
NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
_ANSWER_WITHIN: Final = 30


def a_feed(**changes: Any) -> MllpFeed:
    """A trust's feed on a free port of loopback, unless `changes` say otherwise."""
    given: dict[str, Any] = {
        "source": "example-trust",
        "port": 0,
        "senders": [{"application": "PAS", "facility": "RJ1"}],
    }
    return MllpFeed.model_validate(given | changes)


@dataclass(slots=True)
class Sender:
    """One connection of a sender."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *messages: bytes) -> None:
        self.writer.write(b"".join(framed(message) for message in messages))
        await self.writer.drain()

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[str, str]:
        """Give MSA-1 and MSA-2 of the next acknowledgement."""
        msa = (await self.acknowledgement()).segment("MSA")
        return str(msa(1)), str(msa(2))

    async def acknowledgement(self) -> Any:
        async with asyncio.timeout(_ANSWER_WITHIN):
            data = await self.reader.readuntil(b"\x1c\x0d")
        assert data[:1] == b"\x0b"
        return hl7.parse(data[1:-2].decode("ascii"))

    async def ended(self) -> bool:
        """Wait until the other side has nothing more to say, and say whether it said nothing."""
        async with asyncio.timeout(_ANSWER_WITHIN):
            try:
                return await self.reader.read() == b""
            except (ConnectionError, ssl.SSLError):
                return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


@asynccontextmanager
async def connected(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Sender]:
    """Connect to a listener on loopback."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None
    )
    sender = Sender(reader, writer)
    try:
        yield sender
    finally:
        await sender.close()


@dataclass(slots=True)
class Place:
    """A running listener."""

    listener: Listener
    port: int
    meters: Meters

    def connected(self, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[Sender]:
        return connected(self.port, tls)

    async def quiet(self) -> None:
        """Wait until no connection is open, and all that is counted of them is counted."""
        async with asyncio.timeout(_ANSWER_WITHIN):
            while self.listener._open:
                await asyncio.wait(self.listener._open)

    def counted(self, name: str, **labels: str) -> float:
        found = self.meters.registry.get_sample_value(
            name, {"source": self.listener.feed.source, **labels}
        )
        return found or 0.0


@asynccontextmanager
async def a_place(
    durable: Durable,
    feed: MllpFeed | None = None,
    tls: ssl.SSLContext | None = None,
    clock: Clock = lambda: NOW,
) -> AsyncIterator[Place]:
    """Listen with a feed, and stop in order."""
    meters = Meters()
    desk = Desk(durable, PSEUDONYMS, clock, meters, lost=asyncio.Event())
    listener = Listener(feed or a_feed(), desk, tls)
    port = await listener.start()
    try:
        yield Place(listener, port, meters)
    finally:
        await listener.stop(5)
