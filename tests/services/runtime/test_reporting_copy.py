"""Another system's database, read: the same of SQLite and of a real PostgreSQL."""

from __future__ import annotations

from typing import Final

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from kinbridge.runtime.reporting_copy import (
    CopyUnreadableError,
    Wanted,
    open_read_only,
    read_rows,
)

MANY: Final = 2_500
COLUMNS: Final = ("Person ID", "born", "plans")


@pytest.fixture
def copy(store_url: str) -> str:
    """The address of a database with a table of more rows than come at once."""
    url = store_url.replace("/stores", "/copy.sqlite3")
    engine: Engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS persons"))
        connection.execute(
            text('CREATE TABLE persons ("Person ID" int, born date, plans numeric)')
        )
        connection.execute(
            text("INSERT INTO persons VALUES (:own, '2019-09-01', :plans)"),
            [{"own": own, "plans": None if own % 2 else 7.0} for own in range(MANY)],
        )
    engine.dispose()
    return url


def test_every_row_comes_once_as_text(copy: str) -> None:
    rows = [row for _, row in read_rows(copy, [Wanted("persons", COLUMNS)])]

    assert sorted(int(row["Person ID"]) for row in rows) == list(range(MANY))
    assert {row["born"] for row in rows} == {"2019-09-01"}
    assert {row["plans"] for row in rows} == {"", "7"}


def test_it_may_not_write(copy: str) -> None:
    with open_read_only(copy) as connection:
        plain = connection.execution_options(yield_per=None)
        with pytest.raises(DBAPIError, match=r"read-?only"):
            plain.exec_driver_sql("DELETE FROM persons")


@pytest.mark.parametrize(
    "wanted", [Wanted("strangers", ("id",)), Wanted("persons", ("shoe_size",))], ids=str
)
def test_what_is_not_there_is_said_by_the_tables_name(copy: str, wanted: Wanted) -> None:
    with pytest.raises(CopyUnreadableError) as refused:
        list(read_rows(copy, [wanted]))

    assert (refused.value.reason, refused.value.table) == ("table-unreadable", wanted.name)
