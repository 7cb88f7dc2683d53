"""The process of the poller: every mailbox of the file, Kafka behind them, a watch beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from threading import Event
from typing import Final

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import Durable, open_durable, wall_clock
from kinbridge.intake.mesh.agent import Connection, MeshBox
from kinbridge.intake.mesh.decide import Desk, Readers
from kinbridge.intake.mesh.meters import Meters
from kinbridge.intake.mesh.polling import Poller
from kinbridge.intake.watching import Watching, on_signal, run_each
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.mesh import Mailbox
from kinbridge_fhir.envelope import message_id, signal_id
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.mesh")

READERS: Final[Readers] = {"fhir-message": message_id, "mns-signal": signal_id}


def connection_of(mailbox: Mailbox, setting: Callable[[str], SecretStr]) -> Connection:
    """Look up what the settings of a mailbox hold. `setting` gives a value by its name."""

    def path(name: str | None) -> str:
        return setting(name).get_secret_value() if name is not None else ""

    return Connection(
        address=setting(mailbox.address_setting),
        password=setting(mailbox.password_setting),
        shared_key=setting(mailbox.shared_key_setting),
        certificate=path(mailbox.certificate_setting),
        key=path(mailbox.key_setting),
        authorities=path(mailbox.ca_setting),
    )


def serve(
    mailboxes: Sequence[tuple[Mailbox, Connection]],
    kafka: Mapping[str, str],
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    """Poll until SIGTERM or SIGINT, then finish the message in hand. Gives the exit code.

    Raises SourcesError where a mailbox could never be polled.
    """
    if not mailboxes:
        raise SourcesError("The file of sources names no MESH mailbox.")
    stopping = Event()
    boxes = [(each, MeshBox(each, connection, stopping)) for each, connection in mailboxes]
    with closing(open_durable(kafka, watching.within)) as durable:
        return asyncio.run(_serve(boxes, durable, pseudonymiser, watching, stopping))


async def _serve(
    boxes: Sequence[tuple[Mailbox, MeshBox]],
    durable: Durable,
    pseudonymiser: Pseudonymiser,
    watching: Watching,
    stopping: Event,
) -> int:
    told, meters = asyncio.Event(), Meters()
    pollers = [
        Poller(
            box=box,
            desk=Desk(mailbox, READERS),
            durable=durable,
            pseudonymiser=pseudonymiser,
            clock=wall_clock,
            meters=meters,
            stopping=told,
        )
        for mailbox, box in boxes
    ]

    def stop() -> None:
        stopping.set()
        told.set()

    on_signal(stop)
    _log.info("mesh.started", mailboxes=len(boxes))
    code = await run_each(pollers, durable, watching, meters.registry)
    _log.info("mesh.stopped")
    return code
