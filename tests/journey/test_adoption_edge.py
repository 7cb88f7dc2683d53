"""Adoption through each case-system source, from its bytes to everything that the line holds.

First the old record with work under way, then the sign that the child is adopted, then the new
record with the same date of birth, sex and postcode. Nothing that says the new one may hold
anything that the old one held, and linking acts on the sign at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from kinbridge_casesystem import SNAPSHOTS
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.linked import ChildRecord
from tests.journey.adoption_extracts import liquidlogic, mosaic, ssd
from tests.journey.adoption_feeds import (
    AFTER,
    BEFORE,
    NEW,
    OLD,
    OTHER,
    SIGNS,
    annex_a_file,
    cin_file,
    ssda903_files,
)
from tests.journey.edge import ANEW, FIRST, MAPPED, SIGNED, Edge, Source
from tests.journey.ties import Pieces, holding, new_in, pieces, ties


def _but(reason: str, *can: str, **others: str) -> dict[str, str]:
    return {sign: reason for sign in SIGNS if sign not in (*can, *others)} | others


_CARE: Final = ("E11", "E12", "A3", "A4", "A5", "A6")
_NO_ORDER: Final = "an order is told as RC1, E11 or E12"
EACH: Final[Mapping[str, Source]] = {
    "DfE API": Source("dfe-csc", "children", cannot={"order": _NO_ORDER}),
    "reference webhook": Source("case-webhook", "events", numbers=True, relatives=True),
    "CIN census": Source(
        "cin-census",
        "files",
        "209.returns",
        cin_file,
        cannot=_but("the census holds no care; a child is left out, never removed", "RC1"),
    ),
    "SSDA903": Source(
        "ssda903",
        "files",
        "209.returns",
        ssda903_files,
        cannot=_but(
            "the return holds care and no case; a child is left out, never removed",
            *_CARE,
            placed="DATE_PLACED is the day of a decision: the placement is A3 to A6",
            order=_NO_ORDER,
        ),
        raises=False,
    ),
    "Annex A": Source(
        "annex-a",
        "files",
        "209.returns",
        annex_a_file,
        cannot={"purge": "a child is left out of the lists, never removed"},
    ),
    "extract of Liquidlogic": Source(
        "case-extract",
        "files",
        rows=liquidlogic,
        cannot={"order": _NO_ORDER},
        numbers=True,
        relatives=True,
    ),
    "extract of Mosaic": Source(
        "case-extract",
        "files",
        "210.mosaic",
        rows=mosaic,
        cannot={
            "placed": "its placements have types: A3 to A6",
            "order": _NO_ORDER,
            "purge": "its tables mark no person as removed",
        },
        numbers=True,
        relatives=True,
    ),
    "extract of the SSD": Source(
        "case-extract",
        "files",
        "209.ssd",
        rows=ssd,
        cannot={
            "order": _NO_ORDER,
            "purge": "its tables are loaded anew each night: a person is left out, never removed",
        },
        numbers=True,
        relatives=True,
    ),
    "SSD read by SQL": Source(
        "case-extract",
        "sql",
        "209.ssd",
        rows=ssd,
        cannot={sign: "the same mapping file as the extract's" for sign in SIGNS if sign != "A5"},
        numbers=True,
        relatives=True,
    ),
}
NOT_HERE: Final = {
    "meeting": "a meeting names children who are known, and tells nothing of adoption",
    "eclipse": "its signs are each authority's own words; it has tests of its own",
}

ROWS: Final = [
    pytest.param(name, sign, id=f"{name}, {sign}")
    for name, source in EACH.items()
    for sign in SIGNS
    if sign not in source.cannot
]


@dataclass(frozen=True)
class Played:
    """What was seen of one source and sign, from the old record's work to the new one's."""

    old_arrived: str
    raised: list[str]
    after_sign: list[ChildEvent]
    proposed: list[str]
    standing: list[str]
    last: ChildRecord
    old_arrived_again: str
    kept: Pieces
    new_arrived: str
    fresh: Pieces
    before: Pieces


@cache
def played(name: str, sign: str) -> Played:
    with TemporaryDirectory() as place:
        edge = Edge(EACH[name], Path(place))
        edge.world.until(FIRST)
        edge.take((OLD, ""))
        edge.world.pass_time(minutes=30)
        old_arrived = edge.arrives(BEFORE)
        edge.world.until(SIGNED)
        raised, told = edge.standing(), edge.events()
        edge.take((OLD, sign))
        # At once: no time has passed. What was told before is closed as corrections are.
        after_sign, last, proposed = edge.events_since(told), edge.record(), edge.proposed()
        old_arrived_again = edge.arrives(BEFORE)
        edge.world.pass_time(hours=2)
        standing = edge.standing()
        edge.world.until(ANEW - timedelta(hours=2))
        edge.world.watch(ANEW)
        edge.take((OLD, sign), (OTHER, ""))
        kept = edge.kept()
        before = pieces(edge.world, edge.said)
        edge.take((OLD, sign), (NEW, ""))
        new_arrived = edge.arrives(AFTER)
        fresh = new_in(pieces(edge.world, edge.said), before)
    return Played(
        old_arrived,
        raised,
        after_sign,
        proposed,
        standing,
        last,
        old_arrived_again,
        kept,
        new_arrived,
        fresh,
        before,
    )


EVERY: Final = pytest.mark.parametrize(("name", "sign"), ROWS)


@EVERY
def test_nothing_ties_the_new_record_to_the_old(name: str, sign: str) -> None:
    seen = played(name, sign)

    assert holding(seen.fresh, NEW.words)
    assert ties(seen.fresh, seen.before, NEW.words, OLD.words) == {}
    assert holding(seen.before, NEW.words) == {}


@EVERY
def test_a_sign_of_adoption_ends_the_old_record_at_once(name: str, sign: str) -> None:
    source, seen = EACH[name], played(name, sign)

    assert bool(seen.raised) == source.raises
    assert seen.proposed == seen.standing == []
    assert (seen.last.open, seen.last.shielded) == (False, sign != "purge")
    assert seen.last.related == ()
    assert (seen.last.nhs_number, seen.last.name) == (None, None)
    ends = {True: ("mapped-and-linked", "not-known"), False: ("not-known", "not-known")}
    assert (seen.old_arrived, seen.old_arrived_again) == ends[source.numbers]
    assert seen.new_arrived == ends[source.numbers][0]


@EVERY
def test_with_the_sign_nothing_of_the_child_is_told_or_kept_but_the_authoritys_id(
    name: str, sign: str
) -> None:
    seen = played(name, sign)

    said = {event.id: event.model_dump_json() for event in seen.after_sign}
    others = [word for word in OLD.words if word != OLD.id]
    assert said
    if EACH[name].route != "case-webhook":
        assert holding(said, others) == {}
    assert holding(seen.kept, OLD.words) == {}


def test_every_source_and_every_sign_stands_in_the_table() -> None:
    routes = {source.route for source in EACH.values()}

    assert routes | set(NOT_HERE) >= {*SNAPSHOTS, "case-webhook", "meeting"}
    assert set(MAPPED) == {s.mapping for s in EACH.values() if s.route == "case-extract"}
    assert all(set(source.cannot) < set(SIGNS) for source in EACH.values())
    assert all(reason for source in EACH.values() for reason in source.cannot.values())
