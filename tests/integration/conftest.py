"""One Kafka and one PostgreSQL for all tests that do not break them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.kafka import need_kafka, start_kafka
from tests.integration.postgres import start_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.kafka import Broker
    from tests.integration.postgres import Postgres


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
