"""What two versions of a mapping make of the same records: gained, lost, changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kinbridge.adapters.outcomes import Outcome, Outcomes, Told


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference, a line for each thing, and how many of which."""

    lines: tuple[str, ...]
    gained: int
    lost: int
    changed: int
    ends: int

    @property
    def same(self) -> bool:
        return not self.lines


def difference(old: Outcomes, new: Outcomes) -> Difference:
    """Compare by record and fact. Names kinds, days and fields, and no value."""
    before = {each.record: each for each in old.outcomes}
    after = {each.record: each for each in new.outcomes}
    found: dict[str, list[str]] = {"+": [], "-": [], "~": [], "!": []}
    for record in sorted({*before, *after}):
        nothing = Outcome(record=record)
        for sign, line in _of(before.get(record, nothing), after.get(record, nothing)):
            found[sign].append(f"{sign} {record}: {line}")
    every = tuple(line for lines in found.values() for line in lines)
    return Difference(every, len(found["+"]), len(found["-"]), len(found["~"]), len(found["!"]))


def _of(old: Outcome, new: Outcome) -> Iterator[tuple[str, str]]:
    before, after = _by_fact(old), _by_fact(new)
    yield from (("+", told.line) for key, told in after.items() if key not in before)
    yield from (("-", told.line) for key, told in before.items() if key not in after)
    for key in before.keys() & after.keys():
        if fields := _fields(before[key], after[key]):
            yield "~", f"{after[key].line}: {', '.join(fields)}"
    if old.ends != new.ends:
        yield "!", f"{_ends(old)} became {_ends(new)}"


def _by_fact(outcome: Outcome) -> dict[tuple[str, str], Told]:
    # A fact of another kind is another thing, whatever its id.
    return {(told.fact, told.kind): told for told in outcome.told}


def _fields(old: Told, new: Told) -> list[str]:
    names = {*old.fields, *new.fields}
    return sorted(name for name in names if old.fields.get(name) != new.fields.get(name))


def _ends(outcome: Outcome) -> str:
    return "; ".join(outcome.ends) or "no end here"
