"""An embedded line for a demonstration: `kinbridge up --embedded` as a process of its own.

It is the same line that anybody starts; only the policy is shortened, and the keys are drawn
for the occasion. It is ready when time has passed through every stage to its last topic.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from queue import Empty, Queue
from secrets import token_urlsafe
from typing import Final, TextIO

import yaml
from pydantic import SecretStr

from kinbridge.demo.line import NAME, Line, write_line
from kinbridge.demo.policy import write_shortened
from kinbridge.demo.sources import SOURCES, mapping_files, source_keys
from kinbridge.demo.story import StoryError
from kinbridge.runtime.listening import time_comes_through
from kinbridge.settings import Settings

_ADDRESS: Final = "Its address: "
_STARTS_WITHIN: Final = timedelta(seconds=30)
_READY_WITHIN: Final = timedelta(seconds=90)
_ENDS_WITHIN: Final = timedelta(seconds=25)
_LAST_TOPIC: Final = "dispatches"
"""The last topic of the line that carries the time."""


@dataclass(frozen=True, slots=True)
class EmbeddedLine:
    """A line that runs: where it is, where its log is, and what of its policy is shortened."""

    line: Line
    file: Path
    log: Path
    shortened: tuple[str, ...]


@contextmanager
def embedded_line(settings: Settings, today: date) -> Iterator[EmbeddedLine]:
    """Start a line and end it. Raises StoryError when it does not come up."""
    folder = (settings.data / "demo").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shortened = write_shortened(settings.partnerships, folder / "partnerships", today)
    keys = {name: token_urlsafe(32) for name in SOURCES}
    port = _free_port(settings.intake_host, settings.intake_port)
    with (folder / "line.log").open("w", encoding="utf-8") as log:
        files = mapping_files(settings.partnerships)
        process = _Process(_environment(folder, keys, port, files), log)
        try:
            line = Line(
                address=f"http://{settings.intake_host}:{port}",
                broker=process.broker(),
                keys={name: SecretStr(key) for name, key in keys.items()},
            )
            write_line(folder / NAME, line)
            if not time_comes_through(line.kafka_config, _LAST_TOPIC, _READY_WITHIN):
                raise StoryError(f"The line did not become ready; see {log.name}.")
            yield EmbeddedLine(line, folder / NAME, Path(log.name), shortened)
        finally:
            (folder / NAME).unlink(missing_ok=True)
            process.end()


class _Process:
    """`kinbridge up --embedded`, with what it says copied into a log."""

    def __init__(self, environment: dict[str, str], log: TextIO) -> None:
        self._log: Final = log
        self._addresses: Final[Queue[str]] = Queue()
        # A session of its own: Ctrl-C is for the demonstration, which then ends the line.
        self._process: Final = subprocess.Popen(
            [sys.executable, "-m", "kinbridge.cli", "up", "--embedded", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self._copying: Final = threading.Thread(target=self._copy, name="line-log", daemon=True)
        self._copying.start()

    def broker(self) -> str:
        """Give the broker's address when the line says it. Raises StoryError if it does not."""
        try:
            address = self._addresses.get(timeout=_STARTS_WITHIN.total_seconds())
        except Empty:
            address = ""
        if not address:
            raise StoryError(f"The line did not start; see {self._log.name}.")
        return address

    def end(self) -> None:
        # Leaving `with` closes the pipes.
        with self._process as process:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_ENDS_WITHIN.total_seconds())
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            self._copying.join(_ENDS_WITHIN.total_seconds())

    def _copy(self) -> None:
        for text in self._process.stdout or ():
            self._log.write(text)
            self._log.flush()
            if text.startswith(_ADDRESS):
                self._addresses.put(text.removeprefix(_ADDRESS).strip())
        self._addresses.put("")


def _environment(
    folder: Path, keys: dict[str, str], port: int, mappings: list[str]
) -> dict[str, str]:
    known = [key.model_dump(mode="json") for key in source_keys(keys)]
    path = folder / "keys.yaml"
    path.write_text(yaml.safe_dump({"keys": known}), encoding="utf-8")
    sources = folder / "sources.yaml"
    sources.write_text(yaml.safe_dump({"extracts": mappings}), encoding="utf-8")
    return {
        **os.environ,
        "KINBRIDGE_DATA": str(folder),
        "KINBRIDGE_PARTNERSHIPS": str(folder / "partnerships"),
        "KINBRIDGE_KEYS": str(path),
        "KINBRIDGE_SOURCES": str(sources),
        "KINBRIDGE_INTAKE_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


def _free_port(host: str, wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((host, port))
            except OSError:
                continue
            return int(trying.getsockname()[1])
    raise StoryError(f"No port is free on {host}.")
