"""The process of the listener: every feed of the file, Kafka behind them, a watch beside them."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import Durable, open_durable, wall_clock
from kinbridge.intake.mllp.agent import BROKER_LOST, Desk, Listener, tls_context
from kinbridge.intake.mllp.meters import Meters
from kinbridge.intake.watching import Watch, watch_app
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.mllp import MllpFeed, Tls
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.mllp")

_STOP_WITHIN: Final = 8.0


class Watching(Value):
    """Where metrics and readiness are served, and how long Kafka may take, in seconds."""

    host: str = "127.0.0.1"
    port: int = 8082
    within: float = 5.0


def tls_of(feed: MllpFeed, setting: Callable[[str], SecretStr]) -> ssl.SSLContext | None:
    """Make the TLS of a feed. `setting` gives a value by its name. Raises SourcesError."""
    if feed.tls is None:
        return None
    try:
        return _context(feed.tls, setting)
    except (OSError, ssl.SSLError):
        raise SourcesError(
            f"The sources: mllp, {feed.source}: the files of its certificate, key or client "
            "authorities cannot be read, or do not belong together."
        ) from None


def _context(tls: Tls, setting: Callable[[str], SecretStr]) -> ssl.SSLContext:
    authorities = tls.client_ca_setting
    return tls_context(
        setting(tls.certificate_setting).get_secret_value(),
        setting(tls.key_setting).get_secret_value(),
        setting(authorities).get_secret_value() if authorities is not None else "",
    )


def serve(
    feeds: Sequence[tuple[MllpFeed, ssl.SSLContext | None]],
    kafka: Mapping[str, str],
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    """Listen until SIGTERM or SIGINT, then answer what was taken. Gives the exit code.

    Raises SourcesError where there is nothing to listen for, or an address cannot be had.
    """
    if not feeds:
        raise SourcesError("The file of sources names no HL7 v2 feed.")
    durable = open_durable(kafka, watching.within)
    try:
        return asyncio.run(_serve(feeds, durable, pseudonymiser, watching))
    finally:
        durable.close()


async def _serve(
    feeds: Sequence[tuple[MllpFeed, ssl.SSLContext | None]],
    durable: Durable,
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    desk = Desk(durable, pseudonymiser, wall_clock, Meters(), lost=stopping)
    listeners = [Listener(feed, desk, tls) for feed, tls in feeds]
    await _start(listeners)

    def failing() -> list[str]:
        return [] if durable.ready else ["kafka"]

    watch = Watch(watch_app(desk.meters.registry, failing), watching.host, watching.port)
    async with asyncio.TaskGroup() as beside:
        beside.create_task(watch.serve())
        watched = [beside.create_task(each.watch()) for each in listeners]
        await stopping.wait()
        await asyncio.gather(*(each.stop(_STOP_WITHIN) for each in listeners))
        for task in watched:
            task.cancel()
        watch.should_exit = True
    _log.info("mllp.stopped")
    return 0 if durable.ready else BROKER_LOST


async def _start(listeners: Sequence[Listener]) -> None:
    for each in listeners:
        try:
            await each.start()
        except OSError:
            raise SourcesError(
                f"The sources: mllp, {each.feed.source}: its host and port cannot be had."
            ) from None
