"""Read tables of another system's database: read only, by name, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    column,
    create_engine,
    select,
    table,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

_AT_ONCE: Final = 1_000


class CopyUnreadableError(Exception):
    """The database cannot be read. `reason` is a code, and `table` the name that was asked."""

    def __init__(self, reason: str, table: str = "") -> None:
        super().__init__(f"{reason} {table}".strip())
        self.reason: Final = reason
        self.table: Final = table


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table, with its schema before a point or without, and the columns that are read."""

    name: str
    columns: tuple[str, ...]


def read_rows(url: str, wanted: Iterable[Wanted]) -> Iterator[tuple[Wanted, dict[str, str]]]:
    """Give the rows of tables, every cell as text, days as `2026-03-31`.

    `url` is a SQLAlchemy address of any dialect. Rows come through a cursor of the server, in
    one transaction that may only read where the database can be told so (PostgreSQL, SQLite);
    there the tables are of one moment. Raises CopyUnreadableError, which names no value.
    """
    with open_read_only(url) as connection:
        for each in wanted:
            try:
                for row in connection.execute(_select(each)):
                    cells = zip(each.columns, row, strict=True)
                    yield each, {name: _text(cell) for name, cell in cells}
            except DBAPIError as problem:
                lost = problem.connection_invalidated
                reason = "database-lost" if lost else "table-unreadable"
                raise CopyUnreadableError(reason, each.name) from None


def open_read_only(url: str) -> Connection:
    """Open a connection that may only read, where the database can be told so."""
    engine = _engine(url)
    try:
        connection = engine.connect()
        _read_only(connection)
    except SQLAlchemyError:
        raise CopyUnreadableError("database-away") from None
    # Only now: a cursor of the server can be had for no statement but a question.
    return connection.execution_options(yield_per=_AT_ONCE)


def _engine(url: str) -> Engine:
    # Connections are closed after each reading: hours lie between two.
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise CopyUnreadableError("address-invalid") from None
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine


def _read_only(connection: Connection) -> None:
    match connection.dialect.name:
        case "postgresql":
            connection.execute(text("SET TRANSACTION READ ONLY"))
        case "sqlite":
            connection.execute(text("PRAGMA query_only = ON"))
        case _:
            return  # its account may only read


def _select(wanted: Wanted) -> Any:
    schema, _, name = wanted.name.rpartition(".")
    columns: list[ColumnElement[Any]] = [column(each) for each in wanted.columns]
    return select(*columns).select_from(table(name, schema=schema or None))


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case Decimal() | float() if cell == int(cell):
            return str(int(cell))
        case _:
            return str(cell).strip()
