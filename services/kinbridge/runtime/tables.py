"""The tables of one stage: one file in SQLite, one schema in PostgreSQL.

The migrations make them; a test holds both to each other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TEXT

metadata: Final = MetaData()

# Code-point order in both databases, as Python sorts: due times of one instant go by key.
KEY: Final = Text().with_variant(TEXT(collation="C"), "postgresql")

progress: Final = Table(
    "progress",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("topic_ids", Text, nullable=False),
    Column("positions", Text, nullable=False),
    Column("truncated", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("clocks", Text, nullable=False),
    Column("judged", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
)

states: Final = Table(
    "states",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("key", KEY, primary_key=True),
    Column("body", Text, nullable=False),
    Column("due", BigInteger),
)

states_due: Final = Index(
    "states_due",
    states.c.partition,
    states.c.due,
    states.c.key,
    sqlite_where=states.c.due.is_not(None),
    postgresql_where=states.c.due.is_not(None),
)

documents: Final = Table(
    "documents",
    metadata,
    Column("name", KEY, primary_key=True),
    Column("body", Text, nullable=False),
)

tasks: Final = Table(
    "tasks",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("key", KEY, primary_key=True),
    Column("id", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("correlation", Text, nullable=False),
    Column("causation", Text, nullable=False),
    Column("mapping", Text, nullable=False),
)

tasks_due: Final = Index("tasks_due", tasks.c.partition, tasks.c.due)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("destination", Integer, nullable=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),
)

skips: Final = Table(
    "skips",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("topic", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
