"""One Kafka, one PostgreSQL and one whole line on them, for all tests that do not break them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kinbridge.pipeline import STAGES
from tests.integration.kafka import Broker, need_kafka, start_kafka
from tests.integration.line import RunningLine, start_line
from tests.integration.postgres import Postgres, start_postgres
from tests.integration.receiver import ACCEPTED, receiving

AWAY = 503
HERE: Final = Path(__file__).parent
EMBEDDED: Final = "embedded broker and SQLite"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put last what needs a whole line, and of these the line that stays up last of all.

    A line works on when nobody asks anything of it, and has a machine to share with the rest.
    """
    items.sort(key=_line_of)


def _line_of(item: pytest.Item) -> int:
    names = set(getattr(item, "fixturenames", ()))
    if HERE not in item.path.parents or names.isdisjoint({"real_line", "embedded_line", "line"}):
        return 0
    chosen = getattr(item, "callspec", None)
    embedded = "embedded_line" in names or (chosen and EMBEDDED in chosen.params.values())
    return 1 if embedded else 2


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker that tests share: use topics of your own name, and leave it running."""
    need_kafka()
    broker = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running server that tests share: use schemas of your own name, and leave it running."""
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def real_line(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[RunningLine]:
    """The whole line on a Kafka of its own and PostgreSQL, started as an operator starts it."""
    need_kafka()
    broker = start_kafka(tmp_path_factory.mktemp("kafka-of-the-line"))
    postgres.execute("CREATE DATABASE the_line")
    try:
        with receiving() as receiver:
            store = postgres.url.replace("/postgres?", "/the_line?")
            folder = tmp_path_factory.mktemp("real-line")
            line = start_line(folder, receiver, bootstrap=broker.bootstrap, store=store)
            yield line
            stopped_in_order(line)
    finally:
        broker.stop()


@pytest.fixture(scope="module")
def embedded_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLine]:
    """The whole line as it comes: the embedded broker, and SQLite in a folder.

    Its case system is away at the first attempt.
    """
    with receiving(lambda attempt: AWAY if attempt == 1 else ACCEPTED) as receiver:
        line = start_line(tmp_path_factory.mktemp("embedded-line"), receiver)
        yield line
        stopped_in_order(line)


def stopped_in_order(line: RunningLine) -> None:
    """End a line, and see that every program of it ended as it was asked to."""
    try:
        programs = set(line.workers())
        code = line.stop()
        log = line.log.read_text(encoding="utf-8")

        assert code == 0
        assert programs == {*STAGES, "intake", "ticker"}
        assert '"worker.stopped"' in log
        assert "Traceback" not in log
        assert "given up" not in log
    finally:
        line.end()
