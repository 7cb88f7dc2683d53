"""Facts about two families, as they may be drawn: each is a real message, in several accounts.

The first family expects a child who is on a protection plan, in weeks or soon: soon, a missed
appointment is urgent and told at once. The second has a young child on a plan. What is drawn
here lies between two openings, clock records or responses: a set of facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from kinbridge.demo.templates import Request
from kinbridge.partnership.model import Partnership
from tests.journey.people import (
    Family,
    appointment,
    birth,
    emergency_arrival,
    from_cases,
)
from tests.journey.world import MemoryWorld

START: Final = datetime(2026, 11, 9, 11, 0, tzinfo=UTC)
OPENED: Final = START - timedelta(days=30)
EXPECTING: Final = Family("one", edd="2026-12-20")
SOON: Final = Family("soon", edd="2026-11-27")
YOUNG: Final = Family("two", born="2026-02-14")

_ACCOUNTS: Final = ("booked", "noshow", "fulfilled")
REPEATED: Final = 0.3
_SELF_HARM: Final = "248062006"


@dataclass(frozen=True, slots=True)
class Fact:
    """One account of one fact, as it is sent. `name` is how a failing case is told."""

    name: str
    request: Request

    def __repr__(self) -> str:
        return self.name


def _appointments(family: Family) -> list[Fact]:
    return [
        Fact(
            f"{family.name}-appointment-{number}-{status}",
            appointment(
                family,
                f"apt-{number}",
                START - timedelta(days=3 * number, hours=2),
                status=status,
                recorded=START - timedelta(hours=3 - version),
                version=version,
            ),
        )
        for number in (1, 2, 3)
        for version, status in enumerate(_ACCOUNTS, 1)
    ]


def _told(family: Family, kind: str, days: int, *, version: int = 1, **data: Any) -> Fact:
    at = START - timedelta(days=days)
    event = {**family.event(kind, at, **data), "version": version, "recorded": at.isoformat()}
    return Fact(f"{family.name}-{kind}-{version}", from_cases(event))


def _taken_back(family: Family, kind: str, days: int, **data: Any) -> Fact:
    at = START - timedelta(days=days)
    said = {**family.event(kind, at, **data), "version": 2, "retract": True}
    return Fact(f"{family.name}-{kind}-taken-back", from_cases(said))


def _cases(expecting: Family) -> list[Fact]:
    meeting: dict[str, Any] = {
        "meeting_id": "meeting",
        "start_at": (START + timedelta(days=2)).isoformat(),
        "decision_at": (START - timedelta(days=1)).isoformat(),
        "chair": "TM-0077",
    }
    return [
        _told(expecting, "pre_birth_assessment_required", 20, assessment_id="pba"),
        _taken_back(expecting, "pre_birth_assessment_required", 2, assessment_id="pba"),
        _told(expecting, "strategy_discussion_scheduled", 1, **meeting),
        _told(
            expecting,
            "strategy_discussion_cancelled",
            0,
            meeting_id="meeting",
            reason="facts-established",
            cancelled_by="TM-0077",
        ),
        _told(YOUNG, "cp_plan_category_changed", 5, plan_id="two-plan", category="PHY"),
        _told(YOUNG, "contact_received", 4, contact_id="c1", source_code="2A", urgent=False),
    ]


def _hospital() -> list[Fact]:
    return [
        Fact(
            f"arrival-{own}",
            emergency_arrival(YOUNG, START - timedelta(hours=hours), own=own, reason=reason),
        )
        for own, hours, reason in (("ed-1", 5, None), ("ed-2", 4, _SELF_HARM))
    ]


def _birth(expecting: Family) -> Fact:
    born = START - timedelta(hours=8)
    return Fact("birth", birth(expecting, born, recorded=START - timedelta(hours=1)))


def facts(expecting: Family) -> tuple[Fact, ...]:
    """Give everything that can be told of the family that expects a child, and of the other."""
    own = (*_appointments(expecting), *_cases(expecting), _birth(expecting))
    return (*own, *_hospital())


FACTS: Final = {family.name: facts(family) for family in (EXPECTING, SOON)}


@dataclass(frozen=True, slots=True)
class Told:
    """A story: whose, and sets of facts with time going on between them."""

    expecting: Family
    parts: tuple[tuple[Fact, ...], ...]

    def __repr__(self) -> str:
        return f"{self.expecting.name}: " + " | ".join(
            " ".join(map(str, part)) for part in self.parts
        )

    def disordered(self, seed: int) -> tuple[tuple[Fact, ...], ...]:
        """Give each part in another order, some of it more than once."""
        random = Random(seed)
        return tuple(_shuffled(part, random) for part in self.parts)


def _shuffled(part: tuple[Fact, ...], random: Random) -> tuple[Fact, ...]:
    several = [*part, *(fact for fact in part if random.random() < REPEATED)]
    random.shuffle(several)
    return tuple(several)


def stories() -> st.SearchStrategy[Told]:
    """Draw facts and deal them out to two parts."""

    def of(family: Family) -> st.SearchStrategy[Told]:
        drawn = st.sampled_from(FACTS[family.name])
        first = st.lists(drawn, unique=True, min_size=1, max_size=7)
        second = st.lists(drawn, unique=True, max_size=5)
        parts = st.tuples(first.map(tuple), second.map(tuple))
        return parts.map(lambda both: Told(family, both))

    return st.sampled_from([EXPECTING, SOON]).flatmap(of)


def opened(
    policies: dict[str, Partnership], expecting: Family, disorder: Random | None = None
) -> MemoryWorld:
    """Give a world in which both families are known and their cases open."""
    world = MemoryWorld(START, partnerships=policies, disorder=disorder)
    world.send(from_cases(*expecting.on_a_plan(OPENED), *YOUNG.on_a_plan(OPENED)))
    world.pass_time(seconds=5)
    return world


def play(world: MemoryWorld, parts: Sequence[Sequence[Fact]]) -> MemoryWorld:
    """Send each part, and let time go on after it."""
    for part in parts:
        for fact in part:
            world.send(fact.request)
        world.pass_time(hours=1)
    return world
