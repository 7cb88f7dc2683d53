"""What may happen to a meeting, judged where its state is; what each command tells."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kinbridge_schemas.events.protection import MeetingInvitationSent, MeetingScheduled
from kinbridge_schemas.problems import UnreadableError
from tests.services.meetings.month import Caller, told

AT: Final = "2026-03-02T09:00:00Z"
THEN: Final = "2026-03-02T09:30:00Z"
START: Final = "2026-03-03T10:00:00Z"
LATER: Final = "2026-03-04T10:00:00Z"
SEAT: Final = {"agency": "health", "role": "macpt_health_lead"}

REQUEST: Final[dict[str, Any]] = {
    "command": "request",
    "kind": "strategy-discussion",
    "children": [{"la_child_id": "C0"}],
    "decision_at": AT,
}
SCHEDULE: Final[dict[str, Any]] = {**REQUEST, "command": "schedule", "start_at": START}
del SCHEDULE["decision_at"]
MOVE: Final = {"command": "reschedule", "at": THEN, "start_at": LATER}
CANCEL: Final = {"command": "cancel", "reason": "facts-established"}
INVITE: Final = {"command": "invite", "invitations": [SEAT]}
REPLY: Final = {"command": "reply", **SEAT, "response": "written"}
CAME: Final = {"command": "attendance", "parts": [{**SEAT, "participation": "attended"}]}
HELD: Final = {"command": "outcome", "outcome": "s47-joint"}


def played(*commands: dict[str, Any]) -> list[str]:
    """What the last command ended as, after the others."""
    caller = Caller()
    ended = [caller.says(**{"meeting": "M1", "at": AT, **command}) for command in commands]
    return told(ended[-1])


@pytest.mark.parametrize(
    ("commands", "ends"),
    [
        pytest.param([REQUEST], ["strategy_discussion_requested"], id="requested"),
        pytest.param([REQUEST, SCHEDULE], ["strategy_discussion_scheduled"], id="then timed"),
        pytest.param([SCHEDULE], ["strategy_discussion_scheduled"], id="timed at once"),
        pytest.param([SCHEDULE, MOVE], ["strategy_discussion_rescheduled"], id="moved"),
        pytest.param([SCHEDULE, CANCEL], ["strategy_discussion_cancelled"], id="cancelled"),
        pytest.param([REQUEST, CANCEL], ["strategy_discussion_cancelled"], id="never timed"),
        pytest.param([SCHEDULE, INVITE], ["meeting_invitation_sent"], id="invited"),
        pytest.param([SCHEDULE, INVITE, REPLY], ["meeting_invitation_responded"], id="replied"),
        pytest.param([SCHEDULE, CAME], ["meeting_attendance_recorded"], id="came"),
        pytest.param([SCHEDULE, HELD], ["strategy_discussion_held"], id="held"),
        pytest.param([SCHEDULE, HELD, CAME], ["meeting_attendance_recorded"], id="said after"),
        pytest.param([SCHEDULE, HELD, HELD], ["strategy_discussion_held"], id="corrected"),
        pytest.param([MOVE], ["meeting-unknown"], id="nothing to move"),
        pytest.param([CANCEL], ["meeting-unknown"], id="nothing to cancel"),
        pytest.param([INVITE], ["meeting-unknown"], id="nothing to invite to"),
        pytest.param([REQUEST, REQUEST], ["meeting-exists"], id="requested twice"),
        pytest.param(
            [SCHEDULE, {**MOVE, "at": AT}], ["not-after-the-time-it-changes"], id="moved before"
        ),
        pytest.param([REQUEST, MOVE], ["meeting-not-scheduled"], id="moved without a time"),
        pytest.param([REQUEST, HELD], ["meeting-not-scheduled"], id="held without a time"),
        pytest.param([SCHEDULE, SCHEDULE], ["meeting-scheduled"], id="timed twice"),
        pytest.param([SCHEDULE, CANCEL, MOVE], ["meeting-cancelled"], id="moved after its end"),
        pytest.param([SCHEDULE, CANCEL, CANCEL], ["meeting-cancelled"], id="cancelled twice"),
        pytest.param([SCHEDULE, CANCEL, HELD], ["meeting-cancelled"], id="held after its end"),
        pytest.param([SCHEDULE, HELD, CANCEL], ["meeting-held"], id="cancelled when held"),
        pytest.param([SCHEDULE, HELD, MOVE], ["meeting-held"], id="moved when held"),
        pytest.param([SCHEDULE, REPLY], ["not-invited"], id="answers no invitation"),
        pytest.param([{**SCHEDULE, "children": []}], ["no-children"], id="about nobody"),
        pytest.param([{**SCHEDULE, "kind": "review"}], ["no-plan"], id="review of no plan"),
        pytest.param(
            [REQUEST, {**SCHEDULE, "kind": "initial-conference"}],
            ["meeting-of-another-kind"],
            id="became another",
        ),
    ],
)
def test_a_command_is_judged_by_how_the_meeting_stands(
    commands: list[dict[str, Any]], ends: list[str]
) -> None:
    assert played(*commands) == ends


@pytest.mark.parametrize(
    ("kind", "timed", "held", "cancelled"),
    [
        (
            "initial-conference",
            ["meeting_scheduled", "icpc_scheduled"],
            "icpc_held",
            "meeting_cancelled",
        ),
        ("core-group", ["meeting_scheduled"], "core_group_held", "meeting_cancelled"),
        ("review", ["meeting_scheduled"], "review_held", "meeting_cancelled"),
    ],
)
def test_conferences_core_groups_and_reviews_have_their_own_words(
    kind: str, timed: list[str], held: str, cancelled: str
) -> None:
    scheduled = {**SCHEDULE, "kind": kind, "plan": "CPP-7"}

    assert played({**REQUEST, "kind": kind}) == ["meeting_requested"]
    assert played(scheduled) == timed
    assert played(scheduled, MOVE) == timed
    assert played(scheduled, {"command": "outcome"}) == [held]
    assert played(scheduled, CANCEL) == [cancelled]


def test_a_meeting_that_moves_is_one_fact_with_a_later_account() -> None:
    caller = Caller()

    (first,) = caller.schedules("M1", AT, START, kind="review", plan="CPP-7").events
    (moved,) = caller.says("reschedule", "M1", THEN, start_at=LATER).events

    assert first.fact == moved.fact
    assert moved.version.later_than(first.version)
    assert isinstance(moved.detail, MeetingScheduled)


def test_children_are_named_once_and_told_of_each_time() -> None:
    caller = Caller()

    scheduled = caller.schedules("M1", AT, START, children=3).events
    invited = caller.invites("M1", AT).events

    assert [e.subject for e in invited] == [e.subject for e in scheduled]
    assert all(e.subjects[0].la_child_id is not None for e in scheduled)
    assert all(e.subjects[0].la_child_id is None for e in invited)
    assert "C0" not in caller.remembered["M1"].model_dump_json()


def test_an_invitation_names_the_time_that_the_meeting_had() -> None:
    caller = Caller()
    caller.schedules("M1", AT, START)
    (before,) = caller.invites("M1", AT).events
    caller.says("reschedule", "M1", THEN, start_at=LATER)
    (after,) = caller.invites("M1", AT).events

    assert isinstance(before.detail, MeetingInvitationSent)
    assert isinstance(after.detail, MeetingInvitationSent)
    assert before.detail.start_at != after.detail.start_at
    assert before.fact != after.fact


def test_the_same_command_again_changes_nothing() -> None:
    caller = Caller()
    body = {"id": "x-1", "meeting": "M1", "at": AT, "by": "staff-12", **SCHEDULE}
    caller.sends(body)
    stood = caller.remembered["M1"]

    again = caller.sends(body)

    assert (told(again), caller.remembered["M1"]) == ([], stood)


def test_one_id_for_two_commands_is_parked_and_changes_nothing() -> None:
    caller = Caller()
    body = {"id": "x-1", "meeting": "M1", "at": AT, "by": "staff-12", **SCHEDULE}
    caller.sends(body)
    stood = caller.remembered["M1"]

    other = caller.sends({**body, "start_at": LATER})

    assert [(e.end, e.reason) for e in other.ends] == [
        ("parked-conflict", "same-id-other-content")
    ]
    assert caller.remembered["M1"] == stood


def test_a_command_that_did_not_fit_may_come_again_when_it_does() -> None:
    caller = Caller()
    move = {"id": "x-1", "meeting": "M1", "at": AT, "by": "staff-12", **MOVE}

    early = caller.sends(move)
    caller.schedules("M1", AT, START)
    again = caller.sends(move)

    assert (told(early), told(again)) == (["meeting-unknown"], ["strategy_discussion_rescheduled"])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"at": "2026-03-02T09:00:00"}, "at"),
        ({"kind": "tea"}, "kind"),
        ({"children": [{"la_child_id": "C0", "name": "Rosa Example"}]}, "children.0"),
        ({"Rosa Example": 1}, ""),
    ],
)
def test_what_cannot_be_read_names_a_field_of_ours_and_no_value(
    change: dict[str, Any], path: str
) -> None:
    body = {"id": "x-1", "meeting": "M1", "at": AT, "by": "staff-12", **SCHEDULE, **change}

    with pytest.raises(UnreadableError) as problem:
        Caller().sends(body)
    assert "Rosa" not in str(problem.value)
    assert problem.value.path == path
