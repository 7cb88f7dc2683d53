"""The process of intake: the app, Kafka behind it, uvicorn before it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from kinbridge.intake.agent import open_durable, wall_clock
from kinbridge.intake.app import create_app
from kinbridge.intake.eclipse.door import Notifiers
from kinbridge.intake.keys import Keys
from kinbridge.intake.subscriptions.hooks import Hooks
from kinbridge.sources.model import Sources
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import Pseudonymiser

_TO_STOP: Final = (signal.SIGINT, signal.SIGTERM)


class Listening(Value):
    """Where it listens, and how long Kafka may take, in seconds. Loopback unless told."""

    host: str = "127.0.0.1"
    port: int = 8080
    within: float = 5.0


class _Server(uvicorn.Server):
    """Ends in order when told to. uvicorn's own then kills the process by the same signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {sign: signal.signal(sign, self.handle_exit) for sign in _TO_STOP}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)


def serve(  # noqa: PLR0913, PLR0917 - every dependency of the process
    keys: Keys,
    kafka: dict[str, str],
    pseudonymiser: Pseudonymiser,
    listening: Listening,
    hooks: Hooks | None = None,
    sources: Sources | None = None,
    eclipses: Notifiers = (),
) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is inside. Gives the exit code."""
    durable = open_durable(kafka, listening.within)
    app = create_app(
        keys=keys,
        durable=durable,
        pseudonymiser=pseudonymiser,
        clock=wall_clock,
        hooks=hooks,
        sources=sources,
        eclipses=eclipses,
    )
    server = _Server(
        uvicorn.Config(
            app,
            host=listening.host,
            port=listening.port,
            # Its access log would hold addresses of alerts; ours has codes.
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=int(listening.within) + 2,
        )
    )
    try:
        server.run()
    finally:
        durable.close()
    return 0 if server.started else 1
