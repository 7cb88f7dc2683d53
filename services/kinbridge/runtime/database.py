"""Open a stage's database: SQLite or PostgreSQL, its connection settings and its migrations."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from kinbridge.runtime.prepared import DRIVER_ERRORS

MIGRATIONS: Final = Path(__file__).parent / "migrations"
BUSY_SECONDS: Final = 5.0


class StoreError(Exception):
    """The store did not do what was asked; nothing of the turn is in it, unless said."""


class UnavailableError(StoreError):
    """The database is away or busy. Whether a commit under way was made is not known."""


class RaceError(StoreError):
    """Another transaction won, over documents that partitions share: run the turn again."""


class MovedError(RaceError):
    """Another worker has moved the partition on: its progress must be read anew."""


def open_database(url: str, name: str, *, idle_seconds: float, durable: bool) -> Engine:
    """Open the database of one stage and bring its tables up to date.

    `url` is a SQLAlchemy address: of PostgreSQL, where the stage gets the schema `name`, or of
    SQLite with a folder as its path, where it gets the file `name`. A transaction that idles
    longer than `idle_seconds` is ended by PostgreSQL, so that a frozen worker holds no lock.
    Without `durable`, SQLite may lose the last turns in a power cut, not in a crash.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = _sqlite(Path(address.database or "."), name, durable=durable)
    else:
        schema = name.replace("-", "_")
        options = {
            "search_path": schema,
            "idle_in_transaction_session_timeout": str(int(idle_seconds * 1_000)),
            "lock_timeout": str(int(BUSY_SECONDS * 1_000)),
        }
        engine = create_engine(
            address,
            connect_args={"options": " ".join(f"-c {k}={v}" for k, v in options.items())},
            pool_size=1,
            max_overflow=1,
            pool_pre_ping=False,
        )
        with translated(), engine.begin() as connection:
            # Two workers may start at once: the second waits, and finds the schema made.
            lock = int.from_bytes(hashlib.blake2b(schema.encode(), digest_size=7).digest(), "big")
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
            _upgrade(connection)
        return engine
    with translated(), engine.begin() as connection:
        _upgrade(connection)
    return engine


def _sqlite(folder: Path, name: str, *, durable: bool) -> Engine:
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{folder / name}.sqlite3",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=1,
        max_overflow=1,
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        # The driver's own idea of when to begin is switched off; `begins` says it.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    @event.listens_for(engine, "begin")
    def begins(connection: Connection) -> None:
        # Each statement of a reader stands alone. A reader that becomes a writer half-way
        # would fail at once instead of waiting its turn.
        if not connection.get_execution_options().get("reads", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database driver's errors into ours; what is a fault of ours stays as it is."""
    try:
        yield
    except (DBAPIError, *DRIVER_ERRORS) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        state = str(getattr(cause, "sqlstate", None) or "")
        kind = f"{type(cause).__name__} {state}".strip()
        if state in {"40001", "40P01"}:
            raise RaceError(kind) from None
        if lost or _is_away(cause, state):
            raise UnavailableError(kind) from None
        raise


def _is_away(error: object, state: str) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        # Primary codes: busy, locked, disk error, full, cannot open.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in {5, 6, 10, 13, 14}
    # 08: connection; 25P03: ended as idle; 53, 55, 57: resources, locks, shutting down.
    if state:
        return state[:2] in {"08", "53", "55", "57"} or state == "25P03"
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
