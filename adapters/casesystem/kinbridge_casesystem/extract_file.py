"""Extracts, cut: rows of tables to what a mapping file says of them, gathered by child.

A part holds fields by our names and nothing that the mapping file does not name, so that its
reader needs no mapping file, and a column that nobody asked for stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Final

from kinbridge_casesystem.csv_table import read_table
from kinbridge_casesystem.cutting import Loading, Progress, Read, Row, SourceFile, gathered
from kinbridge_casesystem.extract import REMOVED, read_extract
from kinbridge_casesystem.extract_kinds import CHILD
from kinbridge_casesystem.extract_model import ExtractMapping, Rule, TableMapping
from kinbridge_casesystem.records import Part
from kinbridge_schemas.problems import UnreadableError

ROUTE: Final = "case-extract"


@dataclass(frozen=True, slots=True)
class ExtractFormat:
    """The format of one authority's extract, by its mapping file."""

    mapping: ExtractMapping

    @property
    def route(self) -> str:
        return ROUTE

    @property
    def content_type(self) -> str:
        return "application/json"

    def cut(
        self, files: Sequence[SourceFile], loading: Loading, progress: Progress, /
    ) -> Iterator[Part]:
        """Cut files that belong together. Raises UnreadableError before the first part."""
        if not files:
            raise UnreadableError("file-missing")
        found = [(file, self._tables(file)) for file in files]
        self._nothing_missing([table for _, tables in found for table in tables])
        return gathered(self._rows(found, progress), self._about(loading))

    def cut_rows(
        self, rows: Iterable[tuple[TableMapping, Mapping[str, str]]], loading: Loading, /
    ) -> Iterator[Part]:
        """Cut rows of a database, each with its table."""
        told = (each for table, row in rows for each in _told(self.mapping, (table,), row))
        return gathered(told, self._about(loading))

    def read(self, content: bytes, now: datetime, /) -> Read:
        return read_extract(content, now)

    def _about(self, loading: Loading) -> dict[str, str]:
        return {**loading.about, "feed": self.mapping.feed}

    def _tables(self, file: SourceFile) -> tuple[TableMapping, ...]:
        name = PurePath(file.name).name
        found = tuple(table for table in self.mapping.tables if table.is_in(name))
        if not found:
            raise UnreadableError("file-not-mapped")
        return found

    def _nothing_missing(self, there: list[TableMapping]) -> None:
        # What a missing table told would be taken for deleted.
        if self.mapping.complete_days is None:
            return
        for number, table in enumerate(self.mapping.tables):
            if table not in there:
                raise UnreadableError("table-missing", f"tables.{number}")

    def _rows(
        self, found: list[tuple[SourceFile, tuple[TableMapping, ...]]], progress: Progress
    ) -> Iterator[Row]:
        for file, tables in found:
            wanted = frozenset[str]().union(*(table.columns for table in tables))
            looked = False
            for row in read_table(file, progress, self.mapping.delimiter):
                if not looked:
                    looked = True
                    _all_columns(wanted, row)
                yield from _told(self.mapping, tables, row)


def _all_columns(wanted: frozenset[str], row: Mapping[str, str]) -> None:
    missing = sorted(wanted - set(row))
    if missing:
        raise UnreadableError("column-missing", missing[0])


def _told(
    mapping: ExtractMapping, tables: Iterable[TableMapping], row: Mapping[str, str]
) -> Iterator[Row]:
    for table in tables:
        child = row.get(table.child, "").strip()
        for rule in table.rules:
            cells = _cells(mapping, rule, row)
            if cells is not None:
                yield Row(child, rule.gives, cells)


def _cells(mapping: ExtractMapping, rule: Rule, row: Mapping[str, str]) -> dict[str, str] | None:
    """Give the fields of what a rule finds in a row; None where it finds nothing."""
    if not all(each.passes(row) for each in rule.where):
        return None
    cells = {name: mapping.cell(cell, row) for name, cell in rule.fields.items()}
    said = any(cells[name] for name, cell in rule.fields.items() if cell.column is not None)
    if not said and rule.gives != CHILD:
        return None
    return {**cells, REMOVED: "yes"} if rule.removes else cells
