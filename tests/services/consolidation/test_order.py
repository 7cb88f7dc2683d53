"""Order, repetition and the cut of batches leave no trace between two clock records."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.consolidation.audit import audit
from kinbridge.consolidation.state import Alert, FamilyState
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.vocabulary import Urgency
from tests.builders import a_child_ref
from tests.services.consolidation.builders import FAMILY, START, Desk, a_concern, minutes

_RULES = ("R1", "R2", "R3", "R7")


@st.composite
def accounts(draw: st.DrawFn) -> list[Concern]:
    """Accounts of up to four concerns, each account of a concern later than the one before."""
    made: list[Concern] = []
    for number in range(draw(st.integers(1, 4))):
        base = a_concern(
            f"concern-{number}",
            rule=_RULES[number],
            child=a_child_ref(f"child-{number % 2}"),
            arm=draw(st.sampled_from(["macpt", "family-help"])),
        )
        for step in range(draw(st.integers(1, 3))):
            status = draw(st.sampled_from(["active", "active", "withdrawn", "ended"]))
            fields: dict[str, Any] = {
                "status": status,
                "withdrawn": "attended-elsewhere" if status == "withdrawn" else None,
                "urgency": draw(st.sampled_from(list(Urgency))),
                "as_of": START + minutes(step),
            }
            made.append(base.model_copy(update=fields))
    return made


def lasting(alert: Alert) -> Alert:
    """An alert without what counts its sayings: what was said cannot be unsaid."""
    said = {"revision": 0, "told": (), "answer_by": None}
    items = tuple(
        k.model_copy(update={"said": None, "since": None, "seen": k.added}) for k in alert.items
    )
    return alert.model_copy(update={**said, "items": items, "escalated": 0})


def final(state: FamilyState) -> dict[str, Any]:
    return {
        arm.arm: (
            arm.openings,
            lasting(arm.open) if arm.open else None,
            tuple(lasting(a) for a in arm.closed),
        )
        for arm in (state.macpt, state.family_help)
    }


def play(concerns: list[Concern], *, arrivals: dict[str, int] | None = None) -> Desk:
    """Let the accounts come between two clock records; each has its own recorded time."""
    desk = Desk()
    for concern in concerns:
        name = derive_id("account", concern.concern, concern.as_of.isoformat())
        seconds = (arrivals or {}).get(name, 0)
        desk.propose(concern, at=START + minutes(seconds / 60))
    return desk


@settings(deadline=None)
@given(accounts(), st.randoms(use_true_random=False), st.data())
def test_any_order_between_two_clocks_gives_the_same_alerts(
    concerns: list[Concern], chance: Any, data: st.DataObject
) -> None:
    arrivals = {
        derive_id("account", c.concern, c.as_of.isoformat()): data.draw(st.integers(0, 59))
        for c in concerns
    }
    shuffled = list(concerns)
    chance.shuffle(shuffled)

    one, other = play(concerns, arrivals=arrivals), play(shuffled, arrivals=arrivals)

    assert final(one.state()) == final(other.state())
    for later in (minutes(1), minutes(75), minutes(1440 * 9)):
        one.pass_time(START + later)
        other.pass_time(START + later)
        assert final(one.state()) == final(other.state())
        assert {r.alert for r in one.said} | {r.alert for r in other.said} <= {
            f"{FAMILY}.{arm}.1" for arm in ("macpt", "family-help")
        }


@settings(deadline=None)
@given(accounts(), st.data())
def test_repeats_change_nothing(concerns: list[Concern], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.integers(0, len(concerns) - 1), max_size=6))
    desk = play(concerns)
    state, said = desk.state(), len(desk.said)

    for index in repeats:
        desk.propose(concerns[index])

    assert desk.state() == state
    assert len(desk.said) == said


@settings(deadline=None)
@given(accounts(), st.data())
def test_a_repeat_of_the_whole_run_says_the_same_ids(
    concerns: list[Concern], data: st.DataObject
) -> None:
    times = data.draw(st.lists(st.integers(0, 20_000), max_size=5).map(sorted))

    runs = []
    for _ in range(2):
        desk = play(concerns)
        for at in times:
            desk.pass_time(START + minutes(at))
        runs.append(desk.said)

    assert [r.id for r in runs[0]] == [r.id for r in runs[1]]
    assert runs[0] == runs[1]
    assert len({r.id for r in runs[0]}) == len(runs[0])


@settings(deadline=None)
@given(accounts(), st.data())
def test_every_open_alert_has_a_next_step_after_any_clock(
    concerns: list[Concern], data: st.DataObject
) -> None:
    desk = play(concerns)

    for at in data.draw(st.lists(st.integers(0, 30_000), min_size=1, max_size=8).map(sorted)):
        desk.pass_time(START + minutes(at))
        assert audit(desk.state(), desk.stage.terms, desk.clock) == ()
