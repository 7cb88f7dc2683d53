"""A real Apache Kafka for a test: started in seconds, killed and restarted at will."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

SCRIPT: Final = Path(__file__).parents[2] / "deploy" / "kafka" / "kafka.sh"
READY_WITHIN: Final = 90.0
STOPPED_WITHIN: Final = 30.0
_PORTS: Final = range(20_000, 32_000)
_turns: Final = itertools.count(os.getpid() * 16, 16)


class KafkaNotStartedError(Exception):
    """The broker did not answer in time, or went away; the end of its log is in the text."""


@dataclass(slots=True)
class Broker:
    """One broker. Its folder keeps the records over `kill` and `restart`, at the same port."""

    folder: Path
    port: int
    controller_port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise KafkaNotStartedError("The broker is not running.")
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers a client. Raises KafkaNotStartedError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(SCRIPT), "run", str(self.folder), str(self.port), str(self.controller_port)]
        with self.log.open("ab") as log:
            # Its own session, so that Ctrl-C in pytest does not reach it before we stop it.
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, and nothing is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order. Harmless when it does not run."""
        if self._process is not None:
            self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Start it again with the records it had; a running one is stopped first."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_ready(self) -> None:
        until = monotonic() + READY_WITHIN
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        while monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise KafkaNotStartedError(self._last_lines())
            try:
                # The waiting is librdkafka's: it comes back as soon as a broker answers.
                if admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                continue
        self.kill()
        raise KafkaNotStartedError(self._last_lines())

    def _last_lines(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(["Kafka did not start. Its last lines:", *lines[-15:]])


def start_kafka(folder: Path, port: int | None = None) -> Broker:
    """Start a broker with its data in `folder`; without `port`, on one that is free."""
    free = free_ports(2)
    broker = Broker(folder, port or free[0], free[1])
    broker.start()
    return broker


def why_no_kafka() -> str | None:
    """Say what is missing for a real Kafka, or None when nothing is."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else None


def need_kafka() -> None:
    """Leave the test out where Kafka cannot be had; in CI that fails the run (tests/conftest)."""
    if why := why_no_kafka():
        pytest.skip(f"a real Kafka needs Java 17 and Maven: {why}")


def free_ports(count: int) -> list[int]:
    """Give ports of loopback in a row that nobody listens on now.

    They are below those that a machine gives to whoever asks for any: none is taken by a
    connection before it is used, or while a broker that was killed is started again.
    """
    while True:
        first = _PORTS[next(_turns) % (len(_PORTS) - count)]
        row = range(first, first + count)
        if all(_is_free(port) for port in row):
            return [*row]


def _is_free(port: int) -> bool:
    with socket.socket() as listening:
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
