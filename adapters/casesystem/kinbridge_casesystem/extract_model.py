"""The mapping file of an extract: which columns of which table become which fields. Closed.

One file an authority's case system. What is not named in it is not read, and does not go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from kinbridge_casesystem.extract_kinds import CHILD, KINDS, UNLISTED
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.identifiers import AuthorityCode


class MappingFileError(Exception):
    """A mapping file cannot be used. The text names the file, the place and the problem."""


def _as_text(given: object) -> object:
    # YAML reads `Y` as text and `yes` as a truth, and codes as numbers.
    if isinstance(given, bool):
        return "yes" if given else "no"
    return str(given) if isinstance(given, int) else given


def _as_cell(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


Text = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
]
Column = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
SqlName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w{0,62}(\.[A-Za-z_]\w{0,62})?$")]
"""A table or view of a database, with its schema or without. Nothing else is ever asked for."""


def _folded(codes: dict[str, str]) -> dict[str, str]:
    found = {text.casefold(): code for text, code in codes.items()}
    if len(found) < len(codes):
        raise ValueError("two texts are the same but for capitals")
    return found


CodeMap = Annotated[dict[Text, Text], Field(min_length=1, max_length=500), AfterValidator(_folded)]
"""Codes by the text that stands for them, whatever its capitals; `*` is any other text."""


class Cell(Value):
    """Where a field comes from: a column, with or without a list of codes, or a fixed value."""

    column: Column | None = None
    codes: Code | None = None
    value: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either a column or a value")
        if self.codes is not None and self.column is None:
            raise ValueError("codes go with a column")
        return self


class Filter(Value):
    """Which rows count: by the text of a column, or by whether it has any."""

    column: Column
    in_: Annotated[frozenset[Text] | None, Field(alias="in")] = None
    not_in: frozenset[Text] | None = None
    filled: bool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if [self.in_, self.not_in, self.filled].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("give one of `in`, `not_in` and `filled`")
        return self

    @cached_property
    def texts(self) -> frozenset[str]:
        return frozenset(text.casefold() for text in (self.in_ or self.not_in or ()))

    def passes(self, row: Mapping[str, str]) -> bool:
        text = row.get(self.column, "").strip().casefold()
        if self.filled is not None:
            return bool(text) == self.filled
        return (text in self.texts) == (self.in_ is not None)


class Rule(Value):
    """What a row gives: one object, of a kind, where all of `where` holds.

    With `removes` the row says that the object no longer is, as a step that was cancelled.
    """

    gives: str
    fields: dict[str, Annotated[Cell, BeforeValidator(_as_cell)]] = Field(default_factory=dict)
    where: tuple[Filter, ...] = ()
    removes: bool = False

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        kind = KINDS.get(self.gives)
        if kind is None:
            raise ValueError(f"gives is one of {', '.join(KINDS)}")
        if wrong := sorted(set(self.fields) - set(kind.fields)):
            raise ValueError(f"{self.gives} has no field {', '.join(wrong)}")
        if self.removes and self.gives == "worker":
            raise ValueError("a worker cannot be removed: give the day of the end")
        needed = kind.own if self.removes and "id" not in self.fields else kind.needs
        needed = () if self.removes and "id" in self.fields else needed
        missing = [name for name in needed if name not in self.fields and name != "id"]
        if missing:
            raise ValueError(f"{self.gives} needs {', '.join(missing)}")
        if kind.own and not any(name in self.fields for name in kind.own):
            raise ValueError(f"{self.gives} needs {' or '.join(kind.own)} to be told by")
        if self.gives == CHILD and not self.removes:
            raise ValueError("child can only be removed")
        for name in kind.worded & set(self.fields):
            cell = self.fields[name]
            if cell.value is None and cell.codes is None:
                raise ValueError(f"{name} needs codes, or a value")
        return self

    @cached_property
    def columns(self) -> frozenset[str]:
        named = {cell.column for cell in self.fields.values() if cell.column is not None}
        return frozenset(named | {each.column for each in self.where})


class TableMapping(Value):
    """One table: the files that hold it, the column of the child, what its rows give.

    `file` is a pattern of the file's name, as `*children*.csv`; `table` is its name in a
    reporting database, where it is read from there.
    """

    file: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    table: SqlName | None = None
    child: Column
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=60)]

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset({self.child}.union(*(rule.columns for rule in self.rules)))

    def is_in(self, file: str) -> bool:
        return fnmatchcase(file.lower(), self.file.lower())


class ExtractMapping(Value):
    """How the extract of one authority's case system is read.

    `system` is the name of the feed, as the key of a case system carries it. `feed` keeps its
    ids apart from those of other feeds of the same system. `complete_days` says that every
    load holds all tables and all that was so in as many days: then what is no longer there
    was deleted. Without it, what is left out says nothing.
    """

    authority: AuthorityCode
    system: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
    feed: Code = "extract"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    complete_days: Annotated[int, Field(ge=1, le=4000)] | None = None
    codes: dict[Code, CodeMap] = Field(default_factory=dict)
    tables: Annotated[tuple[TableMapping, ...], Field(min_length=1, max_length=60)]

    @model_validator(mode="after")
    def _codes_are_there(self) -> Self:
        for table in self.tables:
            for rule in table.rules:
                for cell in rule.fields.values():
                    if cell.codes is not None and cell.codes not in self.codes:
                        raise ValueError(f"there are no codes {cell.codes}")
        return self

    @property
    def source(self) -> str:
        """The source, as its events carry it: `209.liquidlogic`."""
        return f"{self.authority}.{self.system}"

    def cell(self, cell: Cell, row: Mapping[str, str]) -> str:
        """Give the text of a field in a row; empty where the row has none."""
        if cell.value is not None:
            return cell.value
        text = row.get(cell.column or "", "").strip()
        if not text or cell.codes is None:
            return text
        codes = self.codes[cell.codes]
        return codes.get(text.casefold(), codes.get("*", UNLISTED))


def parse_mapping(text: str, name: str = "The mapping file") -> ExtractMapping:
    """Read a mapping file. Raises MappingFileError with every place and problem."""
    try:
        return ExtractMapping.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError:
        raise MappingFileError(f"{name} is not YAML.") from None
    except ValidationError as problem:
        places = [
            f"{'.'.join(map(str, error['loc'])) or 'file'}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        ]
        raise MappingFileError(f"{name}: {'; '.join(places)}.") from None


def load_mapping(path: Path) -> ExtractMapping:
    """Read a mapping file from its place. Raises MappingFileError."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError:
        raise MappingFileError(f"There is no {path.name}.") from None
    except UnicodeDecodeError:
        raise MappingFileError(f"{path.name} is not in UTF-8.") from None
