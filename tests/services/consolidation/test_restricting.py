"""A child that is restricted, or a share that is held, after the alarm was proposed."""

from __future__ import annotations

from typing import Any, Final

from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.concerns import Concern, ShownFact
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.vocabulary import Occurred, Service, Urgency
from tests.services.consolidation.builders import START, Desk, a_concern, minutes, withdrawn

SEEN: Final = ShownFact(
    fact="fact-1",
    occurred=Occurred(at=START),
    service=Service.MATERNITY,
    outcome="did-not-attend",
    provider="Hospital Secret",
    place="Clinic Secret",
    source="nhs.hospital-secret",
)


def restricted(concern: Concern, **changes: Any) -> Concern:
    """The account of it under the record's next revision, in which the child is restricted."""
    whom = concern.whom.model_copy(update={"restriction": "sensitive"})
    later = {"whom": whom, "record_revision": 2, "as_of": START + minutes(20)}
    return concern.model_copy(update={**later, **changes})


def test_that_a_record_is_restricted_is_told_to_who_has_what_it_said() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1, record_revision=1)
    desk.propose(concern)

    desk.propose(restricted(concern), at=START + minutes(20))

    assert desk.pass_time(START + minutes(21)) == [Reason.CORRECTION]


def test_an_item_that_ended_before_the_restriction_loses_its_places_with_it() -> None:
    desk = Desk()
    first = a_concern("first", urgency=Urgency.U1, facts=(SEEN,), record_revision=1)
    second = a_concern("second", urgency=Urgency.U1, record_revision=1)
    desk.propose(first, withdrawn(first, at=START + minutes(1)), second)
    desk.pass_time(START + minutes(2))
    before = desk.said[-1]
    desk.propose(restricted(second), at=START + minutes(20))
    desk.pass_time(START + minutes(21))

    assert "Secret" in before.model_dump_json()
    assert "ecret" not in desk.said[-1].model_dump_json()


def test_what_is_held_before_anybody_read_it_waits_for_a_person_and_not_for_time() -> None:
    desk = Desk()
    concern = a_concern()
    held = concern.model_copy(update={"handling": (ON_HOLD,), "as_of": START + minutes(1)})
    desk.propose(concern, held)

    assert desk.pass_time(START + minutes(60 * 24 * 300)) == []

    cleared = concern.model_copy(update={"as_of": desk.clock})
    desk.propose(cleared)

    assert desk.pass_time(desk.clock + minutes(10)) == [Reason.FIRST]


def test_who_read_it_before_it_was_held_goes_on_being_asked() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)
    desk.propose(concern.model_copy(update={"handling": (ON_HOLD,), "as_of": START + minutes(1)}))

    assert desk.pass_time(START + minutes(300))[:1] == [Reason.ESCALATED_NO_ACK]
