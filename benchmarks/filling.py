"""A registry of so many persons: a few families as linking made them, and copies of two.

The copies are made of text, with every reference and key replaced; so they are as large as the
real ones, and nobody ever asks for them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import psycopg
from sqlalchemy import create_engine, insert, make_url, text
from sqlalchemy.engine import Connection

from benchmarks.capture import opened
from benchmarks.mix import Families
from kinbridge.runtime import tables
from kinbridge_schemas.base import Value

PERSONS: Final = 3
"""An unborn child and its mother, and a baby."""
_REFERENCE: Final = re.compile(r"\b(?:child|person|family|sk)-[a-z2-7]{32}\b")
_BATCH: Final = 4_000

Rows = Iterator[tuple[str, str]]


def copies(persons: int, now: datetime) -> Rows:
    """Give documents of so many persons."""
    asked = opened(Families(2, now), now, "mapping", "linking")
    made = asked["linking"].documents
    joined = "\x00".join(f"{name}\x01{body.model_dump_json()}" for name, body in made.items())
    between, references = _REFERENCE.split(joined), _REFERENCE.findall(joined)
    for copy in range(persons // PERSONS):
        fresh = {each: _another(each, copy) for each in set(references)}
        parts = [between[0]]
        for reference, after in zip(references, between[1:], strict=True):
            parts += (fresh[reference], after)
        for document in "".join(parts).split("\x00"):
            name, _, body = document.partition("\x01")
            yield name, body


def _another(reference: str, copy: int) -> str:
    kind = reference.partition("-")[0]
    digest = hashlib.blake2b(f"{copy} {reference}".encode(), digest_size=20).digest()
    return f"{kind}-{base64.b32encode(digest).decode().lower()}"


def fill(store_url: str, schema: str, rows: Rows, real: Mapping[str, Value]) -> int:
    """Write documents into a store that is there already, and say how many it then has."""
    shown = ((name, body.model_dump_json()) for name, body in real.items())
    if make_url(store_url).get_backend_name() == "postgresql":
        return _fill_postgresql(store_url, schema, rows, shown)
    engine = create_engine(store_url)
    with engine.begin() as connection:
        return _insert(connection, rows) + _insert(connection, shown)


def _insert(connection: Connection, rows: Rows) -> int:
    count, batch = 0, []
    for name, body in rows:
        batch.append({"name": name, "body": body})
        count += 1
        if len(batch) == _BATCH:
            connection.execute(insert(tables.documents), batch)
            batch = []
    if batch:
        connection.execute(insert(tables.documents), batch)
    return count


def _fill_postgresql(store_url: str, schema: str, rows: Rows, shown: Rows) -> int:
    # As a restore would: without the index first, which is made at the end.
    plain = make_url(store_url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT set_config('search_path', %s, false)", (schema,))
        cursor.execute("ALTER TABLE documents DROP CONSTRAINT documents_pkey")
        with cursor.copy("COPY documents (name, body) FROM STDIN") as copy:
            for each in rows:
                copy.write_row(each)
            for each in shown:
                copy.write_row(each)
        cursor.execute("ALTER TABLE documents ADD CONSTRAINT documents_pkey PRIMARY KEY (name)")
        cursor.execute("SELECT count(*) FROM documents")
        found = cursor.fetchone()
    with create_engine(store_url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"ANALYZE {schema}.documents"))
    return int(found[0]) if found else 0
