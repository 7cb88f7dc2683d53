"""The outside of MLLP: sockets, one conversation for each connection, and the silence of a feed.

An answer is sent only when Kafka has acknowledged, in the order in which messages came. What comes
together is written together, so that a sender who does not wait for answers is not slowed down.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Final

import structlog

from kinbridge.intake.agent import Clock, Durable, Written, write
from kinbridge.intake.hearing import Hearing
from kinbridge.intake.mllp.decide import Accepted, Decided, Entrance, Refused, decide, reply
from kinbridge.intake.mllp.frames import Frame, Framer, framed
from kinbridge.intake.mllp.meters import Meters
from kinbridge.sources.mllp import MllpFeed
from kinbridge_schemas.identifiers import Pseudonymiser

_READ: Final = 65_536
_TOGETHER: Final = 64
"""How many messages of one connection are on their way to Kafka at one time."""
_HANDSHAKE: Final = 10.0
_MOST_STRAYS: Final = 65_536
"""Bytes outside of any message on one connection, before it is taken for something else."""

_log = structlog.get_logger("kinbridge.intake.mllp")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all feeds of the process share. `lost` is set when nothing can be stored any more."""

    durable: Durable
    pseudonymiser: Pseudonymiser
    clock: Clock
    meters: Meters
    lost: asyncio.Event


class _OverError(Exception):
    """A conversation is at its end. The argument is why, as a code."""


@dataclass(slots=True)
class Listener:
    """One feed: its port, its connections, and when it was last heard."""

    feed: MllpFeed
    desk: Desk
    tls: ssl.SSLContext | None = None
    hearing: Hearing = field(init=False)
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        feed, meters = self.feed, self.desk.meters
        self.hearing = Hearing(feed.source, feed.expect_within, meters, self.desk.clock())
        meters.connections.labels(feed.source).set(0)

    async def start(self) -> int:
        """Listen; gives the port. Raises OSError where the address cannot be had."""
        self._server = await asyncio.start_server(
            self._connected,
            self.feed.host,
            self.feed.port,
            limit=_READ,
            ssl=self.tls,
            ssl_handshake_timeout=_HANDSHAKE if self.tls is not None else None,
        )
        port = int(self._server.sockets[0].getsockname()[1])
        _log.info("mllp.listening", source=self.feed.source, port=port, tls=self.tls is not None)
        return port

    async def stop(self, within: float) -> None:
        """Let nobody in any more, answer what was taken, and end. `within` is in seconds."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=within)

    async def watch(self) -> None:
        """Look, whenever the feed may have become silent since the last look."""
        while True:
            now = self.desk.clock()
            self.hearing.look(now)
            await asyncio.sleep(self.hearing.look_again(now).total_seconds())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meters, source = self.desk.meters, self.feed.source
        why = self._kept_out(writer)
        task = asyncio.current_task()
        if why or task is None:
            meters.closed.labels(source, why).inc()
            _log.warning("mllp.kept-out", source=source, reason=why)
            await _close(writer)
            return
        self._open.add(task)
        meters.connections.labels(source).set(len(self._open))
        conversation = _Conversation(self, reader, writer, Framer(self.feed.max_bytes))
        try:
            reason = await conversation.run()
        finally:
            self._open.discard(task)
            meters.connections.labels(source).set(len(self._open))
            conversation.count()
        if reason:
            meters.closed.labels(source, reason).inc()
            _log.info("mllp.connection-closed", source=source, reason=reason)

    def _kept_out(self, writer: asyncio.StreamWriter) -> str:
        peer = writer.get_extra_info("peername")
        if not peer or not self.feed.lets_in(str(peer[0])):
            return "network-not-allowed"
        return "too-many-connections" if len(self._open) >= self.feed.max_connections else ""


@dataclass(slots=True)
class _Conversation:
    """One connection from its first byte to its last."""

    listener: Listener
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    framer: Framer
    _begun: float = 0.0

    async def run(self) -> str:
        """Answer until one side ends it. Gives why it was we, or nothing."""
        try:
            while data := await self._more():
                frames = self.framer.feed(data)
                if frames:
                    # What is inside now is another message, with its own time to arrive in.
                    self._begun = 0.0
                await self._answer(frames)
                if self.framer.strays > _MOST_STRAYS:
                    return "not-mllp"
        except _OverError as end:
            return str(end)
        except (ConnectionError, ssl.SSLError, TimeoutError):
            # The other side is gone: what it was not told of it will send again.
            return "connection-lost"
        except asyncio.CancelledError:
            # Only `stop` cancels. What is on its way to Kafka was shielded and answered.
            return "stopping"
        finally:
            await _close(self.writer)
        return ""

    def count(self) -> None:
        """Count what was no message."""
        meters, source = self.listener.desk.meters, self.listener.feed.source
        meters.stray.labels(source).inc(self.framer.strays)
        meters.cut.labels(source).inc(self.framer.cut + int(self.framer.inside))

    async def _more(self) -> bytes:
        feed, loop = self.listener.feed, asyncio.get_running_loop()
        left = feed.idle_after.total_seconds()
        if self.framer.inside:
            # A message that never ends must not hold a connection by sending a byte at a time.
            self._begun = self._begun or loop.time()
            left = self._begun + feed.message_within.total_seconds() - loop.time()
        else:
            self._begun = 0.0
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await self.reader.read(_READ)
        except TimeoutError:
            raise _OverError("message-too-slow" if self.framer.inside else "idle") from None

    async def _answer(self, frames: list[Frame]) -> None:
        for first in range(0, len(frames), _TOGETHER):
            taken = asyncio.ensure_future(self._take(frames[first : first + _TOGETHER]))
            try:
                await asyncio.shield(taken)
            except asyncio.CancelledError:
                # Stopping: what may be stored already is still answered.
                await taken
                raise

    async def _take(self, frames: list[Frame]) -> None:
        desk, feed = self.listener.desk, self.listener.feed
        entrance = Entrance(feed, desk.pseudonymiser, desk.clock())
        decided = [decide(frame, entrance) for frame in frames]
        # Those who may not send here do not make the feed sound alive.
        if any(isinstance(each, Accepted) for each in decided):
            self.listener.hearing.heard(desk.clock())
        stored = await asyncio.gather(*(self._store(each) for each in decided))
        untold = False
        for each, safe in zip(decided, stored, strict=True):
            self._count(each, stored=safe)
            answer = reply(each, entrance, stored=safe)
            if answer is not None:
                self.writer.write(framed(answer))
            elif isinstance(each, Accepted) and not safe:
                untold = True
        if not desk.durable.ready:
            desk.lost.set()
        async with asyncio.timeout(feed.message_within.total_seconds()):
            await self.writer.drain()
        if untold:
            # Whoever asked for no answers learns by this alone that something is wrong.
            raise _OverError("not-stored")

    async def _store(self, decided: Decided) -> bool:
        if not isinstance(decided, Accepted):
            return False
        desk, source = self.listener.desk, self.listener.feed.source
        with desk.meters.durable_seconds.labels(source).time():
            return isinstance(await write(desk.durable, [decided.entry]), Written)

    def _count(self, decided: Decided, *, stored: bool) -> None:
        meters, source = self.listener.desk.meters, self.listener.feed.source
        outcome = "stored" if stored else "not-stored"
        if isinstance(decided, Refused):
            outcome = "refused"
            meters.refused.labels(source, decided.reason).inc()
            _log.warning("mllp.refused", source=source, reason=decided.reason)
        elif stored:
            _log.info("mllp.stored", source=source, id=decided.entry.envelope.id)
        else:
            _log.error("mllp.not-stored", source=source, id=decided.entry.envelope.id)
        meters.messages.labels(source, outcome).inc()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(_HANDSHAKE):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        # The other side need not be there for us to go.
        writer.transport.abort()


def tls_context(certificate: str, key: str, client_authorities: str = "") -> ssl.SSLContext:
    """Make the TLS of a feed from PEM files. Raises OSError or ssl.SSLError.

    With `client_authorities` only a sender with a certificate of theirs is let in.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_authorities:
        context.load_verify_locations(client_authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
