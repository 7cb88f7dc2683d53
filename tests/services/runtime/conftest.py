"""A store of each kind: one suite holds both to the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from kinbridge.runtime.store import Store, open_store
from kinbridge.stage import Stage
from tests.integration.postgres import start_postgres

Open = Callable[[Stage[Any]], Store[Any]]

_schemas: Final = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    # Not under pytest's folder, which every run of pytest closes to other users.
    with tempfile.TemporaryDirectory(prefix="kinbridge-store-") as folder:
        server = start_postgres(Path(folder) / "postgres")
        yield server.url
        server.stop()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path / 'stores'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def version() -> int:
    """A version for a stage of this test alone: its own schema or file."""
    return next(_schemas)


@pytest.fixture
def open_stage(store_url: str) -> Iterator[Open]:
    """Open the store of a stage, as often as asked: as many workers as there are."""
    opened: list[Store[Any]] = []

    def opens(stage: Stage[Any]) -> Store[Any]:
        opened.append(open_store(store_url, stage))
        return opened[-1]

    yield opens
    for store in opened:
        store.close()
