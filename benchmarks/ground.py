"""What a run stands on: a real Kafka, a real PostgreSQL and a folder, all gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from time import sleep
from typing import Final

from confluent_kafka.admin import AdminClient, NewTopic

from tests.integration.kafka import Broker, start_kafka
from tests.integration.postgres import Postgres, start_postgres

ROOT: Final = Path(__file__).parents[1]
REQUIREMENTS: Final = Path(__file__).with_name("quix-requirements.txt")
PARTITIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things run. `other` is the environment of Quix Streams and the profiler."""

    folder: Path
    kafka: Broker
    postgres: Postgres
    other: Path

    @property
    def spy(self) -> Path:
        return self.other / "bin" / "py-spy"

    def new_folder(self, name: str) -> Path:
        """Make an empty folder for one run."""
        return Path(mkdtemp(prefix=f"{name}-", dir=self.folder))

    def database(self, name: str) -> str:
        """Give the address of a database for one run, which is made if it is not there."""
        plain = name.replace("-", "_")
        there = self.postgres.execute("SELECT datname FROM pg_database").split()
        if plain not in there:
            self.postgres.execute(f"CREATE DATABASE {plain}")
        return str(self.postgres.server.get_uri(database=plain, driver="psycopg"))

    @property
    def pids(self) -> list[int]:
        return [self.kafka.pid, *self.database_pids()]

    def database_pids(self) -> list[int]:
        """Give the database's processes: the first, and those it has started."""
        folder = Path(self.postgres.server.pgdata)
        first = int((folder / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *(int(pid) for pid in children)]

    def make_topics(self, names: Sequence[str], partitions: int = PARTITIONS) -> None:
        """Make topics and wait until they are there."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        wanted = [NewTopic(name, partitions, 1) for name in names]
        for made in admin.create_topics(wanted).values():
            made.result(30)
        # The controller has them now; the broker tells clients of them a moment later.
        while not all(_led(admin, name) for name in names):
            sleep(0.05)

    def drop_topics(self, names: Sequence[str]) -> None:
        """Remove topics, so that the broker does not carry one run's load into the next."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        for gone in admin.delete_topics(list(names)).values():
            gone.result(30)


def _led(admin: AdminClient, topic: str) -> bool:
    found = admin.list_topics(topic, timeout=10).topics[topic]
    return bool(found.partitions) and all(p.leader >= 0 for p in found.partitions.values())


@contextmanager
def standing() -> Iterator[Ground]:
    """Start everything, and end and remove it afterwards."""
    other = other_environment()
    folder = Path(mkdtemp(prefix="kinbridge-bench-"))
    kafka = start_kafka(folder / "kafka")
    try:
        postgres = start_postgres(folder / "postgres")
        try:
            yield Ground(folder, kafka, postgres, other)
        finally:
            postgres.stop()
    finally:
        kafka.stop()
        shutil.rmtree(folder, ignore_errors=True)


def other_environment() -> Path:
    """Make the second virtual environment, once for each state of its requirements."""
    place = ROOT / ".bench-venv"
    stamp = place / ".made-from"
    wanted = sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return place
    print("Making .bench-venv for Quix Streams and the profiler ...")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    subprocess.run(
        [
            str(place / "bin" / "python"), "-m", "pip", "install", "--quiet",
            "--disable-pip-version-check", "--require-hashes", "--requirement", str(REQUIREMENTS),
        ],
        check=True,
    )  # fmt: skip
    stamp.write_text(wanted)
    return place
