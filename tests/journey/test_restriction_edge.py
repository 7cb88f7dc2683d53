"""A record that the authority restricts or locks, through each source that can say so.

The child moves, and is taken to an emergency department. Where it moved to goes no further than
what the authority itself sent, and a team topic holds neither a team's name nor its telephone,
nor whom it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from tests.journey.adoption_extracts import liquidlogic, mosaic
from tests.journey.adoption_feeds import BEFORE, BEGAN, OLD, Record, Rows, british
from tests.journey.edge import FIRST, Edge, Source
from tests.journey.test_adoption_edge import EACH
from tests.journey.ties import Pieces, holding, pieces
from tests.journey.world import MemoryWorld

MOVED_TO: Final = "ZZ99 3CZ"
PHONE: Final = "020 7946 0199"
TEAM: Final = {"liquidlogic": "child-protection-team", "mosaic": "southwark-macpt"}
MOVES: Final = "moves"
RESTRICTED: Final = "restricted"


def rows_of_liquidlogic(children: Sequence[tuple[Record, str]]) -> Rows:
    [(child, said)] = children
    found = _copied(liquidlogic([(child, "")]))
    _tell(found["lcs_persons"][0], said, "Restricted", "Y")
    found["lcs_involvements"] = [
        {"Person ID": child.id, "Worker ID": "SW1", "Role": "Lead Child Protection Practitioner",
         "Team": "Child Protection Team", "Start Date": british(BEGAN), "End Date": "",
         "Duty Telephone": PHONE}
    ]  # fmt: skip
    return found


def rows_of_mosaic(children: Sequence[tuple[Record, str]]) -> Rows:
    [(child, said)] = children
    found = _copied(mosaic([(child, "")]))
    _tell(found["people"][0], said, "Access", "Restricted")
    found["allocations"] = [
        {"Mosaic ID": child.id, "Worker Code": "W1", "From": BEGAN, "To": "",
         "Allocation Type": "Lead child protection practitioner", "Team Telephone": PHONE,
         "Team": "Multi-agency child protection"}
    ]  # fmt: skip
    return found


def _copied(rows: Rows) -> dict[str, list[dict[str, str]]]:
    return {name: [dict(row) for row in told] for name, told in rows.items()}


def _tell(person: dict[str, str], said: str, column: str, word: str) -> None:
    if RESTRICTED in said:
        person[column] = word
    if MOVES in said:
        person["Postcode"] = MOVED_TO


CARRY: Final[Mapping[str, Source]] = {
    "reference webhook": EACH["reference webhook"],
    "extract of Liquidlogic": Source("case-extract", "files", rows=rows_of_liquidlogic),
    "extract of Mosaic": Source("case-extract", "files", "210.mosaic", rows=rows_of_mosaic),
}
CANNOT: Final = {
    "DfE API": "the API has no field for it",
    "CIN census": "the census has no field for it, and no address",
    "SSDA903": "the return has no field for it, and of addresses a distance",
    "Annex A": "the lists have no column for it",
    "extract of the SSD": "the dataset's tables have no column for it",
    "SSD read by SQL": "the dataset's tables have no column for it",
}


def webhook_event(kind: str, day: str, **data: Any) -> dict[str, Any]:
    child = {"la_child_id": OLD.id, "nhs_number": OLD.number, "name": f"{OLD.first} {OLD.last}"}
    when = {"recorded": f"{day}T09:30:00Z", "occurred": f"{day}T09:30:00Z"}
    return {"id": kind, "type": kind, "authority": "209", "child": child, "data": data, **when}


def take(edge: Edge, said: str) -> None:
    """Let the source tell that the child is restricted, or has moved too."""
    if edge.source.via == "files":
        edge.take((OLD, said))
        return
    if MOVES in said:
        edge.post(webhook_event("address_changed", "2026-11-09", postcode=MOVED_TO))
        return
    edge.take((OLD, ""))
    worker = {"role": "lcpp", "worker": "SW1", "team": TEAM["liquidlogic"], "duty_phone": PHONE}
    edge.post(webhook_event("lead_practitioner_allocated", BEGAN, **worker))
    if RESTRICTED in said:
        edge.post(webhook_event("record_restricted", BEGAN, level="locked"))


@contextmanager
def told(name: str, said: str) -> Iterator[Edge]:
    with TemporaryDirectory() as place:
        edge = Edge(CARRY[name], Path(place))
        edge.world.until(FIRST)
        take(edge, said)
        edge.world.pass_time(minutes=30)
        take(edge, f"{said} {MOVES}")
        edge.arrives(BEFORE)
        edge.world.until(edge.world.now() + timedelta(minutes=30))
        yield edge


def beyond_the_edge(world: MemoryWorld) -> Pieces:
    return {n: t for n, t in pieces(world).items() if not n.startswith("received.")}


def to_teams(world: MemoryWorld) -> Pieces:
    """Give what leaves for a team: its topic, and what is dispatched."""
    return {n: t for n, t in pieces(world).items() if n.startswith(("alerts.", "dispatches/"))}


def words(name: str) -> list[str]:
    team = TEAM[CARRY[name].source[4:]]
    return [*OLD.words, PHONE, team, MOVED_TO]


@pytest.mark.parametrize("name", CARRY)
def test_of_a_restricted_child_no_address_and_no_team_is_told(name: str) -> None:
    with told(name, RESTRICTED) as edge:
        leaves = to_teams(edge.world)
        kept = {n: t for n, t in beyond_the_edge(edge.world).items() if "child-events" not in n}

        assert edge.record().restriction == "locked"
        assert leaves
        assert holding(leaves, words(name)) == {}
        assert holding(kept, [MOVED_TO]) == {}


@pytest.mark.parametrize("name", [name for name, s in CARRY.items() if s.via == "files"])
def test_of_a_restricted_child_an_extract_tells_that_it_moved_and_not_where(name: str) -> None:
    with told(name, RESTRICTED) as edge:
        kinds = [event.detail.kind for event in edge.events().values()]

        assert "address_changed" in kinds
        assert holding(beyond_the_edge(edge.world), [MOVED_TO]) == {}


@pytest.mark.parametrize("name", CARRY)
def test_of_an_open_record_both_are(name: str) -> None:
    with told(name, "") as edge:
        assert edge.record().restriction == "none"
        assert holding(beyond_the_edge(edge.world), [MOVED_TO])
        assert holding(to_teams(edge.world), [PHONE])


def test_every_source_carries_a_restriction_or_is_named_with_the_reason() -> None:
    assert set(CARRY) | set(CANNOT) == set(EACH)
    assert not set(CARRY) & set(CANNOT)
