"""A broker and a database for all fault tests, and a line of its own for each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig
from tests.integration.kafka import Broker, KafkaNotStartedError, need_kafka, start_kafka
from tests.integration.postgres import Postgres, start_postgres

Make = Callable[..., Rig]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that these tests kill and restart: theirs alone."""
    need_kafka()
    broker = start_kafka(tmp_path_factory.mktemp("faults-kafka"))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not under pytest's folder: every run of pytest closes that to other users, and for root
    # the server runs as one.
    with tempfile.TemporaryDirectory(prefix="kinbridge-faults-") as folder:
        server = start_postgres(Path(folder) / "postgres")
        yield server
        server.stop()


@pytest.fixture
def make(kafka: Broker, postgres: Postgres, tmp_path: Path) -> Iterator[Make]:
    """Make lines: with PostgreSQL unless `sqlite` is asked for."""
    made: list[Rig] = []
    # One test that could not get its broker up again must not fail those after it.
    try:
        _ = kafka.pid
    except KafkaNotStartedError:
        kafka.start()

    def rig(*, sqlite: bool = False, **asked: object) -> Rig:
        store = f"sqlite:///{tmp_path / 'stores'}" if sqlite else postgres.url
        line = Rig(kafka.bootstrap, store, tmp_path / "logs", asked=dict(asked))
        line.make_topics()
        made.append(line)
        return line

    yield rig
    for line in made:
        line.close()
