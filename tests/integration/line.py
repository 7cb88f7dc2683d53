"""The whole line as somebody runs it: `kinbridge up` as a process, and what can be seen of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import psutil
import yaml
from confluent_kafka import Consumer, Message, TopicPartition

from kinbridge.demo.live import LiveWorld
from kinbridge.demo.policy import write_shortened
from kinbridge.demo.sources import SOURCES, mapping_files, source_keys
from kinbridge.pipeline import STAGES
from kinbridge.runtime.clock import is_clock, read_clock
from kinbridge.runtime.listening import Listener
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import from_headers
from kinbridge_schemas.topics import load_topics
from tests.integration.kafka import free_ports
from tests.integration.receiver import Receiver

ROOT: Final = Path(__file__).parents[2]
TOPICS: Final = load_topics(ROOT / "topics.yaml")
CODEC: Final = codec()
READY_WITHIN: Final = 180.0
STOPPED_WITHIN: Final = 40.0
KEYS: Final = {name: f"a made-up key of {name}, for tests" for name in SOURCES}
AUTHORITIES: Final = ("209", "210")
LONDON: Final = ZoneInfo("Europe/London")
SATURDAY: Final = 5
_ADDRESS: Final = "Its address: "


class NotReadyError(AssertionError):
    """The line did not come up, or did not end, in time."""


class Said:
    """What a process says, kept in a file, and a way to wait for a line of it."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._news: Final = threading.Condition()
        self._lines: Final[list[str]] = []
        self._ended = False
        self._reader: Final = threading.Thread(target=self._read, args=(process, log), daemon=True)
        self._reader.start()

    def until_ended(self) -> None:
        """Wait until the last line is in the file."""
        self._reader.join(STOPPED_WITHIN)

    def wait_for(self, text: str, within: float = READY_WITHIN) -> str:
        """Give the first line that begins with a text, waiting for it."""
        with self._news:
            self._news.wait_for(lambda: self._ended or self._first(text) is not None, within)
            found = self._first(text)
        if found is None:
            raise NotReadyError("\n".join(["The line did not start:", *self._lines[-20:]]))
        return found

    def _first(self, text: str) -> str | None:
        return next((line for line in self._lines if line.startswith(text)), None)

    def _read(self, process: subprocess.Popen[str], log: Path) -> None:
        with log.open("w", encoding="utf-8") as file, process:
            for line in process.stdout or ():
                file.write(line)
                file.flush()
                with self._news:
                    self._lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


@dataclass(slots=True)
class RunningLine:
    """A line that runs: its door, its broker, its processes and its log."""

    door: str
    bootstrap: str
    receiver: Receiver
    log: Path
    _workers_port: int
    _process: subprocess.Popen[str]
    _said: Said

    @property
    def kafka(self) -> dict[str, str]:
        return {"bootstrap.servers": self.bootstrap}

    @contextmanager
    def world(self) -> Iterator[LiveWorld]:
        """Speak to the line and hear its teams' topics, as the demonstration does."""
        topics = {
            name: topic.schema_
            for name, topic in TOPICS.expanded({"authority": AUTHORITIES})
            if topic.audience == "partnership"
        }
        with (
            Listener(self.kafka, topics, CODEC) as listener,
            LiveWorld(self.door, KEYS, listener) as world,
        ):
            yield world

    def workers(self) -> dict[str, psutil.Process]:
        """Give the process of each program of the line, by its name."""
        found = {}
        for child in psutil.Process(self._process.pid).children():
            try:
                command = child.cmdline()
            except psutil.ZombieProcess:  # ended, and not yet waited for by the supervisor
                continue
            names = [name for name in (*STAGES, "intake", "ticker") if name in command]
            if names:
                found[names[0]] = child
        return found

    def metrics(self, stage: str) -> str:
        """Give what a stage's worker shows of itself."""
        port = self._workers_port + STAGES.index(stage)
        return httpx.get(f"http://127.0.0.1:{port}/metrics").text

    def kill(self, name: str) -> None:
        """End one program as a power cut would; the supervisor starts it again."""
        worker = self.workers()[name]
        worker.send_signal(signal.SIGKILL)

    def until_settled(self, within: float = READY_WITHIN) -> None:
        """Wait until all that the door has taken so far has passed through every stage.

        A clock later than now, on every partition of the last topic, has followed it there.
        """
        asked, until = datetime.now(UTC), monotonic() + within
        with tail(self.bootstrap, "dispatches", from_start=False) as consumer:
            missing = {place.partition for place in consumer.assignment()}
            while missing:
                if monotonic() > until:
                    raise NotReadyError(f"The line was not done in {within:g} s.")
                for message in consumer.consume(100, 0.05):
                    if is_clock(headers(message)) and read_clock(message.value()) > asked:
                        missing.discard(message.partition())

    def records(self, topic: str) -> list[Message]:
        """Read a topic from its beginning to its end, clocks left out."""
        found: list[Message] = []
        with tail(self.bootstrap, topic, from_start=True) as consumer:
            ends = {}
            for place in consumer.assignment():
                low, high = consumer.get_watermark_offsets(place, 20)
                if high > low:
                    ends[place.partition] = high
            while ends:
                for message in consumer.consume(1_000, 0.05):
                    at, offset = message.partition(), message.offset()
                    if offset is not None and at in ends and offset >= ends[at] - 1:
                        del ends[at]
                    if not is_clock(headers(message)):
                        found.append(message)
        return found

    def bodies(self, topic: str) -> list[Any]:
        """Read a topic whole, as the contract in topics.yaml has it."""
        schema = _schema_of(topic)
        return [
            CODEC.decode(schema, from_headers(headers(record)), record.value() or b"")
            for record in self.records(topic)
        ]

    def stop(self) -> int:
        """End it as Ctrl-C does, and give its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.end()
            raise NotReadyError("The line did not stop.") from None
        self._said.until_ended()
        return code

    def end(self) -> None:
        """End it by force; harmless when it has ended."""
        if self._process.poll() is None:
            # Its programs end with it: they hold its pipes.
            self._process.kill()
            self._process.wait()


@contextmanager
def tail(bootstrap: str, topic: str, *, from_start: bool) -> Iterator[Consumer]:
    """Read every partition of a topic, in no group."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "judge",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 20,
            "log_level": 0,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        places = []
        for partition in partitions:
            ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), 20)
            places.append(TopicPartition(topic, partition, ends[0 if from_start else 1]))
        consumer.assign(places)
        yield consumer
    finally:
        consumer.close()


def clinic(days_ago: int) -> datetime:
    """Give ten past ten in London, so many working days ago: a clinic that has long closed."""
    day = datetime.now(LONDON).replace(hour=10, minute=10, second=0, microsecond=0)
    while days_ago:
        day -= timedelta(days=1)
        days_ago -= day.weekday() < SATURDAY
    return day


def _schema_of(topic: str) -> str:
    expanded = TOPICS.expanded({"authority": AUTHORITIES})
    return next(entry.schema_ for name, entry in expanded if name == topic)


def headers(message: Message) -> dict[str, bytes]:
    pairs = message.headers() or ()
    items = pairs.items() if isinstance(pairs, dict) else pairs
    return {name: value for name, value in items if isinstance(value, bytes)}


def start_line(
    folder: Path,
    receiver: Receiver,
    *,
    bootstrap: str | None = None,
    store: str = "",
    more: Mapping[str, str] | None = None,
) -> RunningLine:
    """Start the line: on a broker of its own without `bootstrap`, else on that Kafka."""
    folder.mkdir(parents=True, exist_ok=True)
    port, *workers = free_ports(1 + len(STAGES))
    environment = {
        **_environment(folder, port, receiver),
        "KINBRIDGE_WORKERS_PORT": str(workers[0]),
        "KINBRIDGE_STORE": store,
        **(more or {}),
    }
    command = ["up", "--attached"]
    if bootstrap is None:
        command.append("--embedded")
    else:
        environment |= {"KINBRIDGE_BROKER": bootstrap, "KINBRIDGE_REPLICATION": "1"}
        kinbridge(["topics", "apply", "--yes"], environment)
    process = _start(command, environment)
    said = Said(process, folder / "line.out")
    try:
        if bootstrap is None:
            bootstrap = said.wait_for(_ADDRESS).removeprefix(_ADDRESS)
        door, log = f"http://127.0.0.1:{port}", folder / "line.out"
        line = RunningLine(door, bootstrap, receiver, log, workers[0], process, said)
        line.until_settled()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return line


def kinbridge(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run one command to its end and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "kinbridge.cli", *arguments],
        cwd=ROOT,
        env=dict(environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _write_policies(into: Path) -> None:
    """Write the shipped policies: nothing settles, and case systems are told by webhook."""
    shipped = ROOT / "deploy" / "partnerships"
    write_shortened(shipped, into, datetime.now(UTC).date())
    for path in into.glob("*.yaml"):
        whole = yaml.safe_load((shipped / path.name).read_text(encoding="utf-8"))
        policy = yaml.safe_load(path.read_text(encoding="utf-8"))
        policy["subscriptions"] = whole["subscriptions"]
        path.write_text(yaml.safe_dump(policy), encoding="utf-8")


def _environment(folder: Path, port: int, receiver: Receiver) -> dict[str, str]:
    _write_policies(folder / "partnerships")
    keys = [key.model_dump(mode="json") for key in source_keys(KEYS)]
    (folder / "keys.yaml").write_text(yaml.safe_dump({"keys": keys}), encoding="utf-8")
    extracts = mapping_files(ROOT / "deploy" / "partnerships")
    (folder / "sources.yaml").write_text(yaml.safe_dump({"extracts": extracts}), encoding="utf-8")
    return {
        **os.environ,
        "KINBRIDGE_DATA": str(folder / "data"),
        "KINBRIDGE_PARTNERSHIPS": str(folder / "partnerships"),
        "KINBRIDGE_KEYS": str(folder / "keys.yaml"),
        "KINBRIDGE_SOURCES": str(folder / "sources.yaml"),
        "KINBRIDGE_SECRET": "a made-up secret, for tests, and long enough",
        "KINBRIDGE_INTAKE_PORT": str(port),
        "KINBRIDGE_CLOCK_INTERVAL": "PT0.25S",
        "PYTHONUNBUFFERED": "1",
        **receiver.environment(folder / "partnerships"),
    }


def _start(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kinbridge.cli", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
