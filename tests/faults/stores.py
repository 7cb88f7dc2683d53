"""The stores of a line as they stand, seen from outside its workers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kinbridge.runtime import tables
from kinbridge.runtime.store import Store, open_store
from tests.faults.rig import NAMES, Rig
from tests.services.runtime.counting import Count, stages


def open_of(rig: Rig, name: str) -> Store[Count]:
    return open_store(rig.store, stages(rig.tag, rig.version)[NAMES.index(name)])


def states_of(rig: Rig, name: str) -> dict[str, Count]:
    """Give a stage's states as its tables have them."""
    store = open_of(rig, name)
    try:
        with store._engine.begin() as connection:
            rows = connection.execute(select(tables.states.c.key, tables.states.c.body))
            return {key: Count.model_validate_json(body) for key, body in rows}
    finally:
        store.close()


def keep_rows(rig: Rig, name: str) -> dict[str, list[dict[str, Any]]]:
    """Copy a stage's database, as a backup would."""
    store = open_of(rig, name)
    try:
        with store._engine.begin() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in tables.metadata.sorted_tables
            }
    finally:
        store.close()


def restore_rows(rig: Rig, name: str, kept: dict[str, list[dict[str, Any]]]) -> None:
    """Put a copy back in the place of what stands."""
    store = open_of(rig, name)
    try:
        with store._engine.begin() as connection:
            for table in tables.metadata.sorted_tables:
                connection.execute(table.delete())
                if kept[table.name]:
                    connection.execute(table.insert(), kept[table.name])
    finally:
        store.close()
