"""The process of the listener: every feed of the file, Kafka behind them, a watch beside them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Final

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import Durable, open_durable, wall_clock
from kinbridge.intake.mllp.agent import Desk, Listener, tls_context
from kinbridge.intake.mllp.meters import Meters
from kinbridge.intake.watching import Watching, exit_code, on_signal, run_watched
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.mllp import MllpFeed, Tls
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.mllp")

_STOP_WITHIN: Final = 8.0


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
    with closing(open_durable(kafka, watching.within)) as durable:
        return asyncio.run(_serve(feeds, durable, pseudonymiser, watching))


async def _serve(
    feeds: Sequence[tuple[MllpFeed, ssl.SSLContext | None]],
    durable: Durable,
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    stopping = asyncio.Event()
    on_signal(stopping.set)
    desk = Desk(durable, pseudonymiser, wall_clock, Meters(), lost=stopping)
    listeners = [Listener(feed, desk, tls) for feed, tls in feeds]
    await _start(listeners)
    listening = _listen(listeners, desk)
    code = await run_watched(listening, durable, watching, desk.meters.registry, list)
    _log.info("mllp.stopped")
    return code


async def _listen(listeners: Sequence[Listener], desk: Desk) -> int:
    async with asyncio.TaskGroup() as beside:
        watched = [beside.create_task(each.watch()) for each in listeners]
        await desk.lost.wait()
        await asyncio.gather(*(each.stop(_STOP_WITHIN) for each in listeners))
        for task in watched:
            task.cancel()
    return exit_code(desk.durable)


async def _start(listeners: Sequence[Listener]) -> None:
    for each in listeners:
        try:
            await each.start()
        except OSError:
            raise SourcesError(
                f"The sources: mllp, {each.feed.source}: its host and port cannot be had."
            ) from None
