"""What CP-IS knows is one line beside the authority's own record, and counts for nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pytest

from kinbridge.reading.sheet import cpis_line
from kinbridge_schemas.concerns import Concern, CpisPlan
from kinbridge_schemas.events.protection import CpisStatus, CpisStatusRecorded
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, Role
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, changed_policy

CHILD: Final = facts.unborn_at(37)
BORN: Final = a_child()
MISS: Final = facts.appointment(CHILD, day(0))
UNBORN: Final = CpisStatus.UNBORN_CHILD_PROTECTION_PLAN
PLAN: Final = CpisStatus.CHILD_PROTECTION_PLAN


def cpis(
    child: ChildRecord,
    status: CpisStatus,
    at: datetime | None = None,
    *,
    relation: Role = Role.MOTHER,
    ended: datetime | None = None,
    **changes: Any,
) -> LinkedEvent:
    began = at or day(-60)
    detail = CpisStatusRecorded(
        status=status,
        started=began,
        ended=ended,
        authority_code="EX99",
        authority_name="EXAMPLE CITY COUNCIL",
        office_hours="020 7946 0000",
        out_of_hours="07700 900000",
    )
    return a_linked_event(detail, child=child, at=began, relation=relation, **changes)


def alarm(*events: LinkedEvent, child: ChildRecord = CHILD, play: Play | None = None) -> Concern:
    """The alarm of a missed appointment under the authority's own plan, after these events."""
    play = play or Play(day(0, 3))
    play.send(facts.plan(child), *events, facts.appointment(child, day(0)))
    (concern,) = play.of("R1")
    return concern


def arrived(*events: LinkedEvent) -> Concern:
    play = Play(day(0, 3))
    play.send(facts.plan(BORN), *events, facts.arrival(BORN, day(0)))
    (concern,) = play.of("R7")
    return concern


def test_a_plan_of_cp_is_alone_puts_nobody_at_risk() -> None:
    play = Play(day(0, 3))
    play.send(cpis(CHILD, UNBORN), MISS)

    assert play.proposed == []


def test_it_starts_no_second_plan_beside_the_authority_s_own() -> None:
    without, with_it = alarm(), alarm(cpis(CHILD, UNBORN))

    assert with_it.situation == without.situation
    assert with_it.stays_open == without.stays_open
    assert with_it.why == without.why
    assert with_it.cpis == CpisPlan(
        status=UNBORN,
        since=day(-60),
        authority="EXAMPLE CITY COUNCIL",
        office_hours="020 7946 0000",
        out_of_hours="07700 900000",
    )


def test_the_authority_s_plan_that_ended_is_not_prolonged_by_it() -> None:
    play = Play(day(-1))
    play.send(facts.plan(CHILD), facts.plan_ended(CHILD, day(-20)), cpis(CHILD, UNBORN))
    play.clock(day(0, 3))
    play.send(MISS)

    assert play.of("R1") == []


def test_nobody_is_told_because_of_it() -> None:
    play = Play(day(0, 3))
    alarm(play=play)
    told = len(play.proposed)
    play.send(cpis(CHILD, UNBORN))
    play.clock(day(1))

    assert len(play.proposed) == told


NOT_SHOWN = [
    pytest.param(cpis(CHILD, UNBORN, ended=day(-3)), id="it has ended"),
    pytest.param(cpis(CHILD, UNBORN, act="retract"), id="its source took it back"),
    pytest.param(cpis(CHILD, PLAN), id="the mother is a child on a plan herself"),
    pytest.param(cpis(CHILD, CpisStatus.LOOKED_AFTER), id="the mother is looked after"),
    pytest.param(cpis(CHILD, UNBORN, relation=Role.CARER), id="a carer expects a child"),
]


@pytest.mark.parametrize("event", NOT_SHOWN)
def test_what_is_no_plan_of_this_child_is_not_shown(event: LinkedEvent) -> None:
    assert alarm(event).cpis is None


def test_of_a_born_child_its_own_is_shown_and_its_mother_s_is_not() -> None:
    own = cpis(BORN, CpisStatus.LOOKED_AFTER, relation=Role.CHILD)

    assert arrived(cpis(BORN, UNBORN)).cpis is None
    shown = arrived(own, cpis(BORN, UNBORN)).cpis
    assert shown is not None
    assert shown.status is CpisStatus.LOOKED_AFTER


def test_the_one_that_began_last_is_shown() -> None:
    later = cpis(BORN, PLAN, day(-5), relation=Role.CHILD, fact="fact-later")
    earlier = cpis(BORN, CpisStatus.LOOKED_AFTER, day(-90), relation=Role.CHILD)

    shown = arrived(later, earlier).cpis
    assert shown is not None
    assert shown.since == day(-5)


def test_a_restricted_child_s_authority_is_where_it_lives_and_is_not_shown() -> None:
    hidden = facts.unborn_at(37, restriction="sensitive")
    shown = alarm(cpis(hidden, UNBORN), child=hidden).cpis

    assert shown == CpisPlan(status=UNBORN, since=day(-60))


def test_at_existence_nothing_of_it_leaves() -> None:
    def lower(data: dict[str, Any]) -> None:
        for recipient in data["rules"]["r1"]["recipients"]:
            recipient["tier"] = recipient["tier_otherwise"] = "existence"

    concern = alarm(cpis(CHILD, UNBORN), play=Play(day(0, 3), changed_policy(lower)))

    assert concern.tier is DisclosureTier.EXISTENCE
    assert concern.cpis is None


def test_the_line_says_whose_view_it_is() -> None:
    shown = alarm(cpis(CHILD, UNBORN)).cpis
    assert shown is not None

    assert cpis_line(shown) == (
        "CP-IS, as health sees it: unborn child protection plan with EXAMPLE CITY COUNCIL, since"
        " Thu 6 Aug 2026; office hours 020 7946 0000, out of hours 07700 900000."
    )
    assert cpis_line(CpisPlan(status=PLAN)) == (
        "CP-IS, as health sees it: child protection plan, authority not shown."
    )


def test_a_young_mothers_own_alert_does_not_show_her_babys_plan() -> None:
    assert arrived(cpis(BORN, UNBORN, relation=Role.CHILD)).cpis is None
    assert arrived(cpis(BORN, PLAN, relation=Role.CHILD)).cpis is not None
