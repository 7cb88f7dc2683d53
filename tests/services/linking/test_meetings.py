"""Later words about a meeting name its children by pseudonym only: linking finds them by it."""

from __future__ import annotations

from kinbridge_schemas.events.protection import (
    MeetingInvitationSent,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.linked import EventLinked
from tests.services.linking.desk import START, Desk, child, day, la

MEETING = "meeting-1"
TIMED = StrategyDiscussionScheduled(meeting_id=MEETING, start_at=day(1))
INVITED = MeetingInvitationSent(meeting_id=MEETING, agency="health", role="macpt_health_lead")


def test_a_child_that_an_authority_named_before_is_found_by_its_pseudonym() -> None:
    desk = Desk()
    by_pseudonym = child("ada").model_copy(update={"la_child_id": None})

    desk.tell(la(TIMED, child("ada")))
    end = desk.tell(la(INVITED, by_pseudonym))

    linked = desk.last("ada")
    assert (end.end, linked.child.la_child_id) == ("mapped-and-linked", child("ada").la_child_id)
    assert isinstance(linked.happened, EventLinked)
    assert linked.happened.detail == INVITED


def test_an_invitation_opens_no_case() -> None:
    desk = Desk()
    by_pseudonym = child("ada").model_copy(update={"la_child_id": None})

    desk.tell(la(INVITED, by_pseudonym, at=START))

    assert desk.said == []
