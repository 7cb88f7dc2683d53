"""The statements of a turn: what it reads before it folds, and what it writes afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from kinbridge.runtime import tables
from kinbridge.runtime.database import MovedError
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.prepared import Prepared
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.rows import from_micros, outbox_row, progress_row, to_micros
from kinbridge.runtime.seen import ALL, Due, Kept, Seen, Waiting
from kinbridge.stage import Stage
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)

DELIVERED: Final = delete(tables.outbox).where(
    tables.outbox.c.partition == bindparam("in_partition"),
    tables.outbox.c.place <= bindparam("up_to"),
)
_CLAIM: Final = (
    update(tables.progress)
    .where(
        tables.progress.c.partition == bindparam("in_partition"),
        tables.progress.c.version == bindparam("at_version"),
    )
    .values({c.name: bindparam(c.name) for c in tables.progress.columns if c.name != "partition"})
)
_SAY: Final = tables.outbox.insert()
_STATE_GONE: Final = delete(tables.states).where(
    tables.states.c.partition == bindparam("in_partition"),
    tables.states.c.key == bindparam("of_key"),
)
_TASK_GONE: Final = delete(tables.tasks).where(
    tables.tasks.c.partition == bindparam("in_partition"),
    tables.tasks.c.key == bindparam("of_key"),
)
_DOCUMENT_GONE: Final = delete(tables.documents).where(
    tables.documents.c.name == bindparam("of_key")
)


_OF_PARTITION: Final = select(
    tables.states.c.key, tables.states.c.body, tables.states.c.due
).where(tables.states.c.partition == bindparam("in_partition"))
_DUE: Final = (
    _OF_PARTITION.where(tables.states.c.due <= bindparam("until"))
    .order_by(tables.states.c.due, tables.states.c.key)
    .limit(bindparam("most", type_=Integer))
)
_DOCUMENTS: Final = select(tables.documents.c.name, tables.documents.c.body)


def _among(chosen: Select[Any], column: ColumnElement[str], *, postgres: bool) -> Select[Any]:
    """Narrow to the names in `wanted`: one statement for any number, so prepared once."""
    if postgres:
        return chosen.where(column == any_(bindparam("wanted", type_=ARRAY(Text))))
    each = func.json_each(bindparam("wanted")).table_valued("value")
    return chosen.where(column.in_(select(each.c.value)))


def _replacing(table: Table, *by: str, postgres: bool) -> Executable:
    making = postgresql.insert(table) if postgres else sqlite.insert(table)
    others = [c.name for c in table.columns if c.name not in by]
    return making.on_conflict_do_update(
        index_elements=list(by), set_={name: making.excluded[name] for name in others}
    )


class Statements:
    """The statements of turns, made once for a database."""

    def __init__(self, dialect: Dialect) -> None:
        pg = dialect.name == "postgresql"
        states, documents = tables.states.c.key, tables.documents.c.name

        def prepared(statement: Executable) -> Prepared:
            return Prepared(statement, dialect)

        self.states: Final = prepared(_among(_OF_PARTITION, states, postgres=pg))
        self.due: Final = prepared(_DUE)
        self.documents: Final = prepared(_among(_DOCUMENTS, documents, postgres=pg))
        self.claim: Final = prepared(_CLAIM)
        self.say: Final = prepared(_SAY)
        self.delivered: Final = prepared(DELIVERED)
        self.keep_states: Final = prepared(
            _replacing(tables.states, "partition", "key", postgres=pg)
        )
        self.keep_tasks: Final = prepared(
            _replacing(tables.tasks, "partition", "key", postgres=pg)
        )
        self.keep_documents: Final = prepared(_replacing(tables.documents, "name", postgres=pg))
        self.state_gone: Final = prepared(_STATE_GONE)
        self.task_gone: Final = prepared(_TASK_GONE)
        self.document_gone: Final = prepared(_DOCUMENT_GONE)


class Bodies(Generic[S]):
    """A stage's values as JSON text, and back."""

    def __init__(self, stage: Stage[S]) -> None:
        self._state: Final[TypeAdapter[S]] = TypeAdapter(stage.state)
        self._documents: Final[Mapping[str, TypeAdapter[Value]]] = {
            prefix: TypeAdapter(kind) for prefix, kind in stage.documents.items()
        }
        self.fresh: Final = stage.fresh

    def state(self, text: str) -> S:
        return self._state.validate_json(text)

    def document(self, name: str, text: str) -> Value:
        return self._documents[name.partition(":")[0]].validate_json(text)

    def text(self, value: Value) -> str:
        return value.__pydantic_serializer__.to_json(value).decode()


class Rows(Generic[S]):
    """What can be read in a transaction."""

    def __init__(self, connection: Connection, bodies: Bodies[S], statements: Statements) -> None:
        self._connection: Final = connection
        self._bodies: Final = bodies
        self._statements: Final = statements
        self._postgres: Final = connection.dialect.name == "postgresql"

    def add_states(self, seen: Seen[S], partition: int, keys: Iterable[str]) -> None:
        """Read the states of keys into what was seen."""
        if not (wanted := sorted(set(keys) - seen.keys)):
            return
        bound = {"in_partition": partition, "wanted": self._list(wanted)}
        for key, body, due in self._statements.states.rows(self._connection, bound):
            seen.states[key] = self._kept(body, due)
        seen.keys.update(wanted)

    def add_due(self, seen: Seen[S], partition: int, until: datetime, limit: int) -> None:
        """Read the first `limit` keys that are due by `until`, with their states."""
        bound = {"in_partition": partition, "until": to_micros(until), "most": limit}
        rows = self._statements.due.rows(self._connection, bound)
        due: list[Due] = []
        for key, body, micros in rows:
            seen.states[key] = self._kept(body, micros)
            seen.keys.add(key)
            due.append((from_micros(micros), key))
        seen.due = due
        seen.horizon = ALL if len(due) < limit else due[-1]

    def documents(self, names: Iterable[str]) -> dict[str, Value | None]:
        """Read documents by name; one that does not exist is None."""
        wanted = sorted(set(names))
        found: dict[str, Value | None] = dict.fromkeys(wanted)
        if wanted:
            bound = {"wanted": self._list(wanted)}
            for name, body in self._statements.documents.rows(self._connection, bound):
                found[name] = self._bodies.document(name, body)
        return found

    def _list(self, wanted: list[str]) -> list[str] | str:
        return wanted if self._postgres else json.dumps(wanted)

    def _kept(self, body: str, due: int | None) -> Kept[S]:
        return Kept(self._bodies.state(body), None if due is None else from_micros(due))


class Turn(Rows[S]):
    """What a turn writes. `claim` comes first: it decides who may write at all."""

    def claim(self, before: Progress, after: Progress) -> None:
        """Replace a partition's progress. Raises MovedError if it is not `before` now."""
        row = progress_row(after)
        row |= {"in_partition": row.pop("partition"), "at_version": before.version}
        if self._statements.claim.run(self._connection, row) != 1:
            raise MovedError("progress-moved")

    def write(self, folded: Sequence[Folded[S]]) -> None:
        """Write the states, tasks and outputs of all partitions of the turn."""
        self._write_states(folded)
        self._write_tasks(folded)
        if rows := [outbox_row(outgoing) for f in folded for outgoing in f.outbox]:
            self._statements.say.run_each(self._connection, rows)

    def write_documents(self, documents: Mapping[str, Value | None]) -> None:
        gone = [{"of_key": name} for name, value in documents.items() if value is None]
        kept = [
            {"name": name, "body": self._bodies.text(value)}
            for name, value in documents.items()
            if value is not None
        ]
        if kept:
            self._statements.keep_documents.run_each(self._connection, kept)
        if gone:
            self._statements.document_gone.run_each(self._connection, gone)

    def delivered(self, acknowledged: Mapping[int, int]) -> None:
        """Delete the outbox rows that Kafka has acknowledged: they hold personal data."""
        rows = [{"in_partition": p, "up_to": place} for p, place in acknowledged.items()]
        if rows:
            self._statements.delivered.run_each(self._connection, rows)

    def _write_states(self, folded: Sequence[Folded[S]]) -> None:
        fresh = self._bodies.text(self._bodies.fresh())
        kept, gone = [], []
        for each in folded:
            partition = each.before.partition
            for key, state in each.states.items():
                body = self._bodies.text(state.state)
                # A state as it was before anything came needs no row, and keeps no trace.
                if state.due is None and body == fresh:
                    gone.append({"in_partition": partition, "of_key": key})
                    continue
                due = None if state.due is None else to_micros(state.due)
                kept.append({"partition": partition, "key": key, "body": body, "due": due})
        if kept:
            self._statements.keep_states.run_each(self._connection, kept)
        if gone:
            self._statements.state_gone.run_each(self._connection, gone)

    def _write_tasks(self, folded: Sequence[Folded[S]]) -> None:
        kept, gone = [], []
        for each in folded:
            for key, waiting in each.tasks.items():
                if waiting is None:
                    gone.append({"in_partition": each.before.partition, "of_key": key})
                else:
                    kept.append(self._task_row(each.before.partition, key, waiting))
        if kept:
            self._statements.keep_tasks.run_each(self._connection, kept)
        if gone:
            self._statements.task_gone.run_each(self._connection, gone)

    def _task_row(self, partition: int, key: str, waiting: Waiting) -> dict[str, Any]:
        return {
            "partition": partition,
            "key": key,
            "id": waiting.task.id,
            "due": to_micros(waiting.task.due),
            "body": self._bodies.text(waiting.task.body),
            "correlation": waiting.correlation,
            "causation": waiting.causation,
            "mapping": waiting.mapping,
        }
