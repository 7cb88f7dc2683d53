"""The order of facts between two clock records, and their repetition, make no difference."""

from __future__ import annotations

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinbridge.rules.state import ChildState
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.persons import EddChanged
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import AppointmentStatus, InputStatus, Role
from tests.builders import a_changed_child, a_family_ref, a_linked_event, an_unlinked_event
from tests.services.rules import facts
from tests.services.rules.facts import MONDAY, day
from tests.services.rules.play import LEWISHAM, Play, changed_policy
from tests.services.rules.test_r4_strategy_discussion import cancelled, moved, scheduled
from tests.services.rules.test_r5_health_not_invited import invited, replied
from tests.services.rules.test_r23_earliest_stage import agreement, answer, contact, referral

CHILD = facts.unborn_at(35)
AT_ONCE = changed_policy(lambda d: d["rules"]["r1"].update(hold="none"))
MISSED = facts.missed_fact(CHILD)
ASKED = contact(CHILD)
BORN = CHILD.model_copy(update={"unborn": False, "born": day(1), "revision": 3})
MOVED = CHILD.model_copy(update={"family": a_family_ref("other"), "revision": 2})
NEXT = CHILD.model_copy(update={"revision": 4, "unborn": False, "born": day(1)})

POOL = {
    "plan": facts.plan(CHILD),
    "plan ended": facts.plan_ended(CHILD, day(1)),
    "plan retracted": facts.plan(CHILD, version=2, act="retract"),
    "s47": facts.s47(CHILD),
    "required": facts.required(CHILD),
    "authorised": facts.authorised(CHILD, day(0)),
    "waived": facts.waived(CHILD, day(0)),
    "booked": facts.appointment(CHILD, day(0), AppointmentStatus.BOOKED, version=0),
    "missed": facts.appointment(CHILD, day(0)),
    "attended after all": facts.appointment(CHILD, day(0), AppointmentStatus.ATTENDED, version=2),
    "miss retracted": facts.appointment(CHILD, day(0), version=3, act="retract"),
    "missed before": facts.appointment(CHILD, day(-3), name="2"),
    "rebooked": facts.appointment(
        CHILD, day(2), AppointmentStatus.BOOKED, name="3", replaces="1", observed=day(0, 1)
    ),
    "rebooking cancelled": facts.appointment(
        CHILD,
        day(2),
        AppointmentStatus.CANCELLED_BY_PROVIDER,
        name="3",
        replaces="1",
        version=2,
        observed=day(0, 1.5),
    ),
    "transferred": facts.transferred(CHILD, day(-1)),
    "arrival": facts.arrival(CHILD, day(0), relation=Role.MOTHER),
    "arrival retracted": facts.arrival(
        CHILD, day(0), relation=Role.MOTHER, version=2, act="retract"
    ),
    "admission": facts.admission(CHILD, day(-1), relation=Role.MOTHER),
    "verified": facts.verified(CHILD, day(0), VerifiedFact.ATTENDED_ELSEWHERE, MISSED),
    "verified retracted": facts.verified(
        CHILD, day(0), VerifiedFact.ATTENDED_ELSEWHERE, MISSED, version=2, act="retract"
    ),
    "lost": facts.lost(CHILD, day(1)),
    "born": facts.birth(CHILD, day(1)),
    "stillborn": facts.birth(CHILD, day(1), live=False, version=2),
    "edd at 37": facts.edd(CHILD, facts.edd_at(37, MONDAY), day(-2)),
    "edd at 27": facts.edd(CHILD, facts.edd_at(27, MONDAY), day(-1)),
    "edd of authority": a_linked_event(
        EddChanged(edd=facts.edd_at(36, MONDAY)), child=CHILD, at=day(-2)
    ),
    "miss unlinked": an_unlinked_event(facts.appointment(CHILD, day(0)), child=NEXT),
    "arrival unlinked": an_unlinked_event(
        facts.arrival(CHILD, day(0), relation=Role.MOTHER), child=NEXT
    ),
    "moved": a_changed_child(MOVED),
    "record born": a_changed_child(BORN),
    "contact": ASKED,
    "referral": referral(CHILD),
    "answered": answer(ASKED, InputStatus.DATA),
    "no response": answer(ASKED, InputStatus.NO_RESPONSE, 0.2),
    "meeting": scheduled(day(2), day(0), CHILD),
    "meeting moved": moved(day(3), day(0, 1), CHILD),
    "meeting cancelled": cancelled(day(0, 2), CHILD),
    "health invited": invited(day(0), names=day(2), child=CHILD),
    "health replied": replied(day(0, 1), child=CHILD),
}
"""Every kind of raising, explaining, ending and taking back that the rules know. No gates:
the family's agreement, without which nothing may be asked, is there from the start."""

HISTORIES = st.lists(st.sampled_from(sorted(POOL)), max_size=12)
TIMES = st.lists(st.floats(-1, 40), max_size=5).map(lambda days: [day(d) for d in sorted(days)])
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def events(names: list[str]) -> list[LinkedEvent]:
    return [POOL[name] for name in names]


def settled(state: ChildState) -> tuple[object, object]:
    """What must not depend on the order: the picture, and how each concern stands."""
    said = {name: (said.status, said.digest) for name, said in state.said.items()}
    return state.picture, said


def told(play: Play) -> dict[str, str]:
    """How each concern was told last. Its tier, and so its reason, is what its reader had."""
    return {name: c.status for name, c in play.last.items()}


def played(before: list[str], between: list[str], clocks: list[datetime], *, hold: bool) -> Play:
    play = Play(day(0, 3), LEWISHAM if hold else AT_ONCE)
    play.send(agreement(CHILD), *events(before))
    play.clock(day(0, 5))
    play.send(*events(between), recorded=day(0, 5))
    for at in clocks:
        play.clock(at)
    return play


@QUICK
@given(before=HISTORIES, between=HISTORIES, data=st.data(), hold=st.booleans())
def test_the_order_between_two_clock_records_makes_no_difference(
    before: list[str], between: list[str], data: st.DataObject, *, hold: bool
) -> None:
    shuffled = data.draw(st.permutations(between))
    one = played(before, between, [], hold=hold)
    two = played(before, shuffled, [], hold=hold)

    assert settled(one.state) == settled(two.state)
    assert told(one) == told(two)
    assert one.state.due == two.state.due


@QUICK
@given(before=HISTORIES, between=HISTORIES, data=st.data(), hold=st.booleans())
def test_after_the_next_clock_record_the_orders_stay_alike(
    before: list[str], between: list[str], data: st.DataObject, *, hold: bool
) -> None:
    shuffled = data.draw(st.permutations(between))
    clocks = data.draw(TIMES)
    one = played(before, between, clocks, hold=hold)
    two = played(before, shuffled, clocks, hold=hold)

    assert told(one) == told(two)
    assert settled(one.state) == settled(two.state)


@QUICK
@given(before=HISTORIES, between=HISTORIES, hold=st.booleans())
def test_repetition_makes_no_difference(
    before: list[str], between: list[str], *, hold: bool
) -> None:
    once = played(before, between, [day(3)], hold=hold)
    again = played([*before, *before], [*between, *between[::-1]], [day(3)], hold=hold)

    assert told(once) == told(again)
    assert settled(once.state) == settled(again.state)


@QUICK
@given(before=HISTORIES, between=HISTORIES, hold=st.booleans())
def test_saying_everything_again_says_nothing_new(
    before: list[str], between: list[str], *, hold: bool
) -> None:
    play = played(before, between, [], hold=hold)
    said = len(play.proposed)
    play.send(*events(between), *events(before), recorded=day(0, 5))

    assert len(play.proposed) == said


@QUICK
@given(before=HISTORIES, extra=TIMES, hold=st.booleans())
def test_looking_more_often_than_asked_finds_nothing_else(
    before: list[str], extra: list[datetime], *, hold: bool
) -> None:
    """Due times are complete: between them the clock changes nothing."""
    policy = LEWISHAM if hold else AT_ONCE
    asked, often = Play(day(0, 3), policy), Play(day(0, 3), policy)
    for play in (asked, often):
        play.send(agreement(CHILD), *events(before))
    for at in sorted({*extra, day(41)}):
        if at <= day(0, 3):
            continue
        asked.clock(at)
        often.state = often.state.model_copy(update={"due": at})
        often.clock(at)

    assert told(asked) == told(often)


@QUICK
@given(names=HISTORIES, hold=st.booleans())
def test_every_output_has_an_id_of_its_own(names: list[str], *, hold: bool) -> None:
    play = played(names, names[::-1], [day(1), day(10)], hold=hold)
    ids = [p.id for p in play.proposed] + [d.id for d in play.decisions]

    assert len(set(ids)) == len(ids)


@QUICK
@given(names=HISTORIES, hold=st.booleans())
def test_a_replay_gives_the_same_bytes(names: list[str], *, hold: bool) -> None:
    one = played(names, [], [day(1), day(10)], hold=hold)
    two = played(names, [], [day(1), day(10)], hold=hold)

    assert [p.model_dump_json() for p in one.proposed] == [
        p.model_dump_json() for p in two.proposed
    ]
