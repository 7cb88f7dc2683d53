"""The engine's first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TEXT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "progress",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("topic_ids", sa.Text, nullable=False),
        sa.Column("positions", sa.Text, nullable=False),
        sa.Column("truncated", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("clocks", sa.Text, nullable=False),
        sa.Column("judged", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "states",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", _key(), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger),
    )
    op.create_index(
        "states_due",
        "states",
        ["partition", "due", "key"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "documents",
        sa.Column("name", _key(), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "tasks",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", _key(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("correlation", sa.Text, nullable=False),
        sa.Column("causation", sa.Text, nullable=False),
        sa.Column("mapping", sa.Text, nullable=False),
    )
    op.create_index("tasks_due", "tasks", ["partition", "due"])
    op.create_table(
        "outbox",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("destination", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "skips",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for name in ("skips", "outbox", "tasks", "documents", "states", "progress"):
        op.drop_table(name)
