"""A child's family reference changes: items go along, nothing is said twice, nothing is lost."""

from __future__ import annotations

from typing import Any

from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.responses import Acknowledge, Close
from kinbridge_schemas.vocabulary import Urgency
from tests.builders import a_child_ref, a_family_ref
from tests.services.consolidation.builders import (
    FAMILY,
    START,
    Desk,
    a_concern,
    an_answer,
    minutes,
    proposed,
    withdrawn,
)

NEW = a_family_ref("new")
THIRD = a_family_ref("third")


def moved(concern: Concern, family: str = NEW, *, minute: int = 10, revision: int = 2) -> Concern:
    """The account of the same concern after the child's move."""
    at = START + minutes(minute)
    fields = {"family": family, "as_of": at, "record_revision": revision}
    return concern.model_copy(update=fields)


def move(desk: Desk, concern: Concern, source: str = FAMILY) -> list[str]:
    said = desk.hear(proposed(concern, supersedes_family=source), at=concern.as_of)
    return said + desk.carry()


def a_concern_of(child: str, name: str, **changes: Any) -> Concern:
    return a_concern(name, child=a_child_ref(child), record_revision=1, **changes)


def test_all_items_move_and_both_readers_hear_that_the_link_changed() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)

    said = move(desk, moved(concern))

    old, new = desk.said[1:]
    assert said == [Reason.LINK_CHANGED, Reason.LINK_CHANGED]
    assert (old.alert, old.state, old.corrected) == (
        desk.said[0].alert,
        "closed",
        (concern.concern,),
    )
    assert old.items[0].concern.withdrawn == "link-changed"
    assert (new.family, new.state, new.new) == (NEW, "open", (concern.concern,))


def test_a_split_leaves_the_other_child_in_its_open_alert() -> None:
    desk = Desk()
    ada, bea = (a_concern_of(n, n, urgency=Urgency.U1) for n in ("ada", "bea"))
    desk.propose(ada, bea)

    move(desk, moved(ada))

    left = desk.state().macpt.open
    assert left is not None
    assert [k.concern.concern for k in left.live] == [bea.concern]
    assert left.stage == "open"


def test_a_merge_gathers_the_items_in_the_alert_that_is_open_there() -> None:
    desk = Desk()
    ada = a_concern_of("ada", "ada", urgency=Urgency.U1)
    bea = a_concern_of("bea", "bea", urgency=Urgency.U1, family=NEW)
    desk.propose(ada)
    desk.propose(bea)

    move(desk, moved(ada))

    merged = desk.state(NEW).macpt
    assert merged.openings == 1
    assert merged.open is not None
    assert len(merged.open.live) == 2
    assert desk.said[-1].new == (ada.concern,)


def test_an_item_that_nobody_was_told_of_moves_without_a_word_and_is_said_once() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one")
    desk.propose(concern)

    moving = move(desk, moved(concern, minute=2))
    said = desk.pass_time(START + minutes(20))

    assert (moving, said) == ([], [Reason.FIRST])
    assert desk.said[-1].family == NEW


def test_a_proposal_that_comes_late_follows_the_child() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    move(desk, moved(concern))

    late = a_concern_of("ada", "late", urgency=Urgency.U1, at=START + minutes(5))
    said = desk.propose(late) + desk.carry()

    assert said == [Reason.NEW_ITEM]
    assert desk.said[-1].family == NEW
    assert desk.said[-1].items[-1].concern.family == NEW


def test_an_answer_that_comes_late_follows_the_items() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    move(desk, moved(concern))

    desk.hear(an_answer(Acknowledge(), alert=desk.said[0].alert, at=START), key=FAMILY)
    desk.carry()

    alert = desk.state(NEW).macpt.open
    assert alert is not None
    assert alert.stage == "acknowledged"


def test_an_acknowledgement_moves_with_the_items() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    desk.hear(an_answer(Acknowledge(), alert=desk.said[0].alert, at=START))

    move(desk, moved(concern))
    said = desk.pass_time(START + minutes(300))

    alert = desk.state(NEW).macpt.open
    assert said == []
    assert alert is not None
    assert alert.stage == "acknowledged"


def test_a_correction_reaches_the_readers_of_an_alert_closed_before_the_move() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    alert = desk.said[0].alert
    desk.hear(an_answer(Close(outcome="acted-on"), alert=alert, at=START))

    gone = withdrawn(moved(concern), at=START + minutes(20))
    said = move(desk, gone)

    assert said == [Reason.CORRECTION]
    assert desk.said[-1].alert == alert


def test_a_child_that_goes_and_comes_back_is_at_home_by_the_highest_revision() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    move(desk, moved(concern))

    move(desk, moved(concern, FAMILY, minute=20, revision=3), source=NEW)

    home, away = desk.state().macpt, desk.state(NEW).macpt
    assert home.open is not None
    assert [k.concern.concern for k in home.open.live] == [concern.concern]
    assert away.open is None


def test_moves_that_cross_end_at_the_last_home_whatever_their_order() -> None:
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    first = proposed(moved(concern), supersedes_family=FAMILY)
    second = proposed(moved(concern, THIRD, minute=11, revision=3), supersedes_family=NEW)
    back = proposed(moved(concern, FAMILY, minute=12, revision=4), supersedes_family=THIRD)
    for order in ((first, second, back), (back, second, first), (second, back, first)):
        desk = Desk()
        desk.propose(concern)

        for proposal in order:
            desk.hear(proposal)
        desk.carry()
        desk.pass_time(START + minutes(30))

        open_at = {f for f in (FAMILY, NEW, THIRD) if (a := desk.state(f).macpt.open) and a.live}
        assert open_at == {FAMILY}


def test_a_family_that_does_not_answer_holds_nothing_up_for_long() -> None:
    desk = Desk()
    concern = moved(a_concern_of("ada", "one", urgency=Urgency.U1), minute=0)

    asked = desk.hear(proposed(concern, supersedes_family=FAMILY))
    said = desk.pass_time(START + minutes(1))

    assert (asked, said) == ([], [Reason.FIRST])


def test_an_answer_to_items_that_went_there_and_back_goes_round_in_no_circle() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    move(desk, moved(concern))
    back = moved(concern, FAMILY, minute=20, revision=3)
    move(desk, back, source=NEW)
    gone = withdrawn(back, at=START + minutes(30))
    desk.propose(gone, at=START + minutes(30))
    desk.pass_time(START + minutes(60 * 24 * 7))

    for alert in {r.alert for r in desk.said}:
        desk.hear(an_answer(Acknowledge(), alert=alert, at=desk.clock))
    desk.carry()

    assert desk.reasons[-1] == "answer-after-closing"


def test_what_is_handed_back_late_does_not_undo_a_later_withdrawal() -> None:
    desk = Desk()
    ada, bea = (a_concern_of(n, n, urgency=Urgency.U1) for n in ("ada", "bea"))
    desk.propose(ada, bea)
    move(desk, moved(ada))
    back = moved(ada, FAMILY, minute=20, revision=3)
    desk.hear(proposed(back, supersedes_family=NEW), at=back.as_of)

    desk.propose(withdrawn(back, at=START + minutes(21)), at=START + minutes(21))
    desk.carry()

    alert = desk.state().macpt.open
    assert alert is not None
    assert [k.concern.concern for k in alert.live] == [bea.concern]


def test_an_answer_that_followed_does_not_calm_what_nobody_was_told_of() -> None:
    desk = Desk()
    concern = a_concern_of("ada", "one", urgency=Urgency.U1)
    desk.propose(concern)
    gone = withdrawn(moved(concern), at=START + minutes(10))
    move(desk, gone)
    quiet = a_concern_of("ada", "quiet", family=NEW, at=START + minutes(11))
    desk.propose(quiet, at=START + minutes(11))

    answer = an_answer(Acknowledge(), alert=desk.said[0].alert, at=START)
    desk.hear(answer, key=FAMILY, at=START + minutes(12))
    desk.carry()
    said = desk.pass_time(START + minutes(16))

    assert "answer-before-saying" in desk.reasons
    assert said == [Reason.FIRST]


def test_what_ended_in_a_closed_alert_ends_where_an_older_account_was_left() -> None:
    desk = Desk()
    bea, other = (a_concern_of("bea", name, urgency=Urgency.U1) for name in ("one", "two"))
    desk.propose(bea)
    there = moved(bea)
    desk.hear(proposed(there, supersedes_family=FAMILY), at=there.as_of)
    back = moved(bea, FAMILY, minute=20, revision=3)
    desk.hear(proposed(back, supersedes_family=NEW), at=back.as_of)
    closing = an_answer(Close(outcome="acted-on"), alert=desk.said[-1].alert, at=back.as_of)
    desk.hear(closing, at=back.as_of)
    desk.propose(withdrawn(back, at=START + minutes(21)), at=START + minutes(21))

    move(desk, moved(other, minute=30, revision=4))

    alert = desk.state(NEW).macpt.open
    assert alert is not None
    assert [k.concern.concern for k in alert.live] == [other.concern]
