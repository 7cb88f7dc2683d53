"""The process of subscriptions: every one of the file, Kafka before and behind, a watch beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import (
    BROKER_LOST,
    Clock,
    Durable,
    NotWritten,
    open_durable,
    wall_clock,
    write,
)
from kinbridge.intake.entries import Arrival
from kinbridge.intake.subscriptions.agent import (
    AwayError,
    BrokerAwayError,
    FhirServer,
    KafkaLog,
    check_secret,
)
from kinbridge.intake.subscriptions.asking import Asking, Keep
from kinbridge.intake.subscriptions.client import Client, watched
from kinbridge.intake.subscriptions.hooks import PATH, SCHEME
from kinbridge.intake.subscriptions.letters import asked
from kinbridge.intake.subscriptions.meters import Meters
from kinbridge.intake.watching import Watching, exit_code, on_signal, run_watched
from kinbridge.sources.care import BearerAuth
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.subscriptions")

Setting = Callable[[str], SecretStr]
"""Gives what a setting holds, by its name."""


def secret_of(config: FhirSubscription, setting: Setting) -> SecretStr:
    """Give the secret that a server shows at our door. Raises SourcesError."""
    return check_secret(config.secret_setting, setting(config.secret_setting))


def keeping(
    config: FhirSubscription, durable: Durable, pseudonymiser: Pseudonymiser, clock: Clock
) -> Keep:
    """Give what makes the answers of a subscription's server durable."""

    async def keep(content: bytes, content_type: str) -> None:
        entry = asked(Arrival(pseudonymiser, clock()), config.source, content, content_type)
        written = await write(durable, (entry,))
        if isinstance(written, NotWritten):
            raise AwayError(f"not-durable-{written.reason}")

    return keep


def asking_of(config: FhirSubscription, setting: Setting, keep: Keep) -> Asking:
    """Look up what the settings of a subscription hold. Raises SourcesError."""
    auth = config.auth
    token = setting(auth.token_setting) if isinstance(auth, BearerAuth) else None
    secret = secret_of(config, setting).get_secret_value()
    door = setting(config.endpoint_setting).get_secret_value().rstrip("/")
    if not door.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise SourcesError(f"{config.endpoint_setting} must be an https address.")
    return Asking(
        config=config,
        server=FhirServer(config, setting(config.address_setting), token),
        endpoint=f"{door}{PATH}{config.name}",
        header={"Authorization": f"{SCHEME} {secret}"},
        keep=keep,
    )


def serve(
    subscriptions: Sequence[FhirSubscription],
    setting: Setting,
    kafka: Mapping[str, str],
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    """Look after them until SIGTERM or SIGINT. Gives the exit code.

    Raises SourcesError where one could never work.
    """
    if not subscriptions:
        raise SourcesError("The file of sources names no FHIR subscription.")
    with closing(open_durable(kafka, watching.within)) as durable:
        askings = [
            asking_of(each, setting, keeping(each, durable, pseudonymiser, wall_clock))
            for each in subscriptions
        ]
        return asyncio.run(_serve(askings, durable, kafka, watching))


async def _serve(
    askings: Sequence[Asking], durable: Durable, kafka: Mapping[str, str], watching: Watching
) -> int:
    meters = Meters()
    try:
        log = KafkaLog(kafka)
    except BrokerAwayError as problem:
        _log.error("subscriptions.broker-away", reason=str(problem))
        return BROKER_LOST
    client = Client(
        log=log,
        clock=wall_clock,
        meters=meters,
        watched=watched(askings, log.remembered, wall_clock()),
    )
    on_signal(client.stopping.set)
    _log.info("subscriptions.started", subscriptions=len(askings))
    try:
        code = await run_watched(
            _until_told(client, durable),
            durable,
            watching,
            meters.registry,
            lambda: client.failing,
        )
    finally:
        await log.close()
        for each in askings:
            await each.server.close()
    _log.info("subscriptions.stopped")
    return code


async def _until_told(client: Client, durable: Durable) -> int:
    try:
        await client.run(lambda: durable.ready)
    except BrokerAwayError as problem:
        _log.error("subscriptions.broker-away", reason=str(problem))
        return BROKER_LOST
    return exit_code(durable)
