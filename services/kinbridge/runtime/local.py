"""The line on one machine: which programs it is made of, and the embedded broker beside them."""

from __future__ import annotations

import shutil
import sys
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from kinbridge.runtime.supervisor import Program

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kinbridge.settings import Settings

_SECRET_BYTES: Final = 32


def embed(settings: Settings, topics: Iterable[str]) -> tuple[EmbeddedBroker, dict[str, str]]:
    """Start an embedded broker in this process, with an empty store beside it.

    `topics` are full names. Gives the broker, which lives as long as somebody holds it, and
    the environment of the programs that use it. Raises EmbeddedBrokerError in a configuration
    marked production.
    """
    held = start_embedded_broker(topics, production=settings.production)
    # The broker begins empty: a store that remembers another one's records would not fit it.
    folder = (settings.data / "embedded").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    secret = settings.secret.get_secret_value() or token_hex(_SECRET_BYTES)
    return held, {
        "KINBRIDGE_BROKER": held.bootstrap,
        "KINBRIDGE_EMBEDDED": "true",
        "KINBRIDGE_DATA": str(folder),
        "KINBRIDGE_STORE": "",
        "KINBRIDGE_SECRET": secret,
        # It holds back every empty answer for the whole wait, at each hop of the line.
        "KINBRIDGE_FETCH_WAIT": "PT0.01S",
    }


def programs(
    stages: Iterable[str], sources: Iterable[str], environment: Mapping[str, str]
) -> list[Program]:
    """Give every program of the line, as the supervisor starts them."""
    kinbridge = [sys.executable, "-m", "kinbridge.cli"]
    commands = [["worker", name] for name in stages] + [["ticker"], ["intake"]]
    commands += [["source", name] for name in sources]
    return [
        Program(command[-1], [*kinbridge, *command, "--attached"], environment)
        for command in commands
    ]
