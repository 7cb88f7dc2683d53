"""Alembic's entry: it runs inside the transaction that the store opened for it."""

from __future__ import annotations

from alembic import context

from kinbridge.runtime.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
