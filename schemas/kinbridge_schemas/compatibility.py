"""Does a new version of a published schema still fit with the old one? Pure.

The rule is full and transitive: an old reader reads what a new producer writes, and a new
reader reads what an old producer wrote. So only one change is free: a new field that may be
left out. It is enough to compare with the last release: nothing that was released is ever
taken away, so what fits the last fits all before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Schema = Mapping[str, Any]

_SAID_ONLY: Final = frozenset({"title", "description", "examples", "$schema", "$id", "$defs"})
_WALKED: Final = frozenset(
    {"$ref", "properties", "required", "enum", "items", "anyOf", "oneOf", "discriminator"}
)


class Rule(StrEnum):
    """What a change breaks."""

    CONTRACT_REMOVED = "contract removed"
    FIELD_REMOVED = "field removed"
    FIELD_ADDED_REQUIRED = "required field added"
    MADE_REQUIRED = "field made required"
    MADE_OPTIONAL = "field made optional"
    WORD_REMOVED = "word removed"
    WORD_ADDED = "word added to a closed list"
    VARIANT_REMOVED = "variant removed"
    VARIANT_ADDED = "variant added to a closed union"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that no longer fits. `place` names the contract and field."""

    place: str
    rule: Rule


def breaks_in(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> tuple[Break, ...]:
    """Compare all contracts by name and version. A new name or version is always free."""
    found: list[Break] = []
    for name, schema in old.items():
        if name in new:
            found += breaks_between(schema, new[name], place=name)
        else:
            found.append(Break(name, Rule.CONTRACT_REMOVED))
    return tuple(found)


def breaks_between(old: Schema, new: Schema, *, place: str) -> tuple[Break, ...]:
    """Compare two JSON Schemas of one contract version."""
    return tuple(_Comparison(old, new).of(old, new, place))


class _Comparison:
    """Walks two schemas side by side, following references within each."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old: Final[Schema] = old.get("$defs", {})
        self._new: Final[Schema] = new.get("$defs", {})
        self._seen: Final[set[tuple[str, str]]] = set()

    def of(self, old: Schema, new: Schema, place: str) -> Iterator[Break]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._seen:
                yield from _keywords(_beside(old), _beside(new), place)
                return
            self._seen.add(pair)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        yield from _keywords(old, new, place)
        yield from _words(old, new, place)
        yield from self._fields(old, new, place)
        yield from self._variants(old, new, place)
        if "items" in old and "items" in new:
            yield from self.of(old["items"], new["items"], f"{place}[]")

    def _fields(self, old: Schema, new: Schema, place: str) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            here = f"{place}.{name}"
            if name not in after:
                yield Break(here, Rule.FIELD_REMOVED)
                continue
            if name in needs - needed:
                yield Break(here, Rule.MADE_REQUIRED)
            if name in needed - needs:
                yield Break(here, Rule.MADE_OPTIONAL)
            yield from self.of(schema, after[name], here)
        for name in sorted((after.keys() - before.keys()) & needs):
            yield Break(f"{place}.{name}", Rule.FIELD_ADDED_REQUIRED)

    def _variants(self, old: Schema, new: Schema, place: str) -> Iterator[Break]:
        for union in ("anyOf", "oneOf"):
            before = _tagged(old.get(union, ()), self._old)
            after = _tagged(new.get(union, ()), self._new)
            for tag, schema in before.items():
                here = f"{place}<{tag}>"
                if tag in after:
                    yield from self.of(schema, after[tag], here)
                else:
                    yield Break(here, Rule.VARIANT_REMOVED)
            for tag in sorted(after.keys() - before.keys()):
                yield Break(f"{place}<{tag}>", Rule.VARIANT_ADDED)


def _keywords(old: Schema, new: Schema, place: str) -> Iterator[Break]:
    left_out = _SAID_ONLY | _WALKED
    for word in sorted((old.keys() | new.keys()) - left_out):
        if old.get(word) != new.get(word):
            yield Break(f"{place} ({word})", Rule.CHANGED)
    for word in ("enum", "items", "anyOf", "oneOf", "properties"):
        if (word in old) != (word in new):
            yield Break(f"{place} ({word})", Rule.CHANGED)


def _words(old: Schema, new: Schema, place: str) -> Iterator[Break]:
    # The words of an extensible list stand in `examples`: it may grow, and never shrink.
    listed = "examples" if old.get("x-extensible") else "enum"
    before, after = set(old.get(listed, ())), set(new.get(listed, ()))
    for word in sorted(before - after):
        yield Break(f"{place} ({word})", Rule.WORD_REMOVED)
    if listed == "enum":
        for word in sorted(after - before):
            yield Break(f"{place} ({word})", Rule.WORD_ADDED)


def _resolved(schema: Schema, defs: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    named: Schema = defs[schema["$ref"].rpartition("/")[2]]
    return {**named, **_beside(schema)}


def _beside(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word != "$ref"}


def _tagged(variants: Sequence[Schema], defs: Schema) -> dict[str, Schema]:
    """Name each variant by what tells it apart: a constant field, else its type or name."""
    return {_tag(_resolved(v, defs), v): v for v in variants}


def _tag(schema: Schema, variant: Schema) -> str:
    constants = [
        f"{name}={field['const']}"
        for name, field in schema.get("properties", {}).items()
        if "const" in field
    ]
    if constants:
        return ",".join(constants)
    named: str = variant.get("$ref", "").rpartition("/")[2]
    return named or str(schema.get("type", schema.get("const", "any")))
