"""Statements that are compiled once, and run on the driver's own cursor.

SQLAlchemy writes the SQL and keeps connections and transactions. What it does around every
execution was half the time of a small turn, and a turn needs none of it: its parameters and
rows are texts, numbers and bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

DRIVER_ERRORS: Final = (sqlite3.Error, psycopg.Error)

Row = Mapping[str, Any]


class Prepared:
    """One statement for one kind of database. Raises the driver's own errors."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        if not isinstance(statement, ClauseElement):
            raise TypeError("not a statement")
        compiled = statement.compile(dialect=dialect)
        self._sql: Final = str(compiled)
        self._order: Final[Sequence[str] | None] = getattr(compiled, "positiontup", None)
        # What SQLAlchemy puts in of its own, as the offset beside a limit.
        self._own: Final = {n: v for n, v in compiled.params.items() if v is not None}

    def rows(self, connection: Connection, given: Row) -> list[Any]:
        """Run it, and give all rows."""
        cursor = self._run(connection, self._bound(given), many=False)
        found: list[Any] = cursor.fetchall()
        cursor.close()
        return found

    def run(self, connection: Connection, given: Row) -> int:
        """Run it, and say how many rows it changed."""
        cursor = self._run(connection, self._bound(given), many=False)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def run_each(self, connection: Connection, given: Iterable[Row]) -> None:
        """Run it once for each."""
        self._run(connection, [self._bound(row) for row in given], many=True).close()

    def _bound(self, given: Row) -> Any:
        row = {**self._own, **given} if self._own else given
        return row if self._order is None else tuple([row[name] for name in self._order])

    def _run(self, connection: Connection, bound: Any, *, many: bool) -> Any:
        pooled = connection.connection
        cursor = pooled.cursor()
        try:
            if many:
                cursor.executemany(self._sql, bound)
            else:
                cursor.execute(self._sql, bound)
        except DRIVER_ERRORS as error:
            # The pool would hand a connection that is lost to the next one who asks.
            if connection.dialect.is_disconnect(error, pooled, cursor):  # type: ignore[arg-type]  # any driver's error
                connection.invalidate(error)
            raise
        return cursor
