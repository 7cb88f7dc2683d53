"""EpisodeOfCare: who is responsible for a child, a pregnancy that was booked, CAMHS."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import CamhsContact, HealthServiceRecorded
from kinbridge_schemas.events.maternity import MaternityBooked
from kinbridge_schemas.vocabulary import Precision, Provider, Role, Service
from tests.adapters.fhir.care import (
    CAMHS,
    MIDWIFERY,
    RESTRICTED_CHILD,
    THE_CHILD,
    earlier,
    episode,
    mapped,
    reasons,
    sent,
    told,
)
from tests.adapters.fhir.messages import SNOMED, concept, message, organisation

PHONE = "020 7946 0000"


def steps(**changes: Any) -> dict[str, str]:
    """The steps in CAMHS, and the day of each."""
    found: dict[str, str] = {}
    for event in mapped(sent(episode(type=[CAMHS], **changes))).events:
        assert isinstance(event.detail, CamhsContact)
        found[event.detail.step] = event.occurred.at.date().isoformat()
    return found


def service(event: ChildEvent) -> HealthServiceRecorded:
    assert isinstance(event.detail, HealthServiceRecorded)
    return event.detail


def test_a_health_visiting_service_is_responsible_and_can_be_called() -> None:
    desk = organisation() | {"telecom": [{"system": "phone", "value": PHONE}]}
    (event,) = mapped(message(episode(), THE_CHILD, desk, event="A01")).events

    assert service(event) == HealthServiceRecorded(
        service=Service.HEALTH_VISITING,
        provider=Provider(ods="RJ1", name="Example Trust"),
        contact=PHONE,
    )
    assert (event.occurred.at.date().isoformat(), event.occurred.precision) == (
        "2026-02-02",
        Precision.DAY,
    )
    (hidden,) = mapped(message(episode(), RESTRICTED_CHILD, desk, event="A01")).events
    assert service(hidden) == HealthServiceRecorded(service=Service.HEALTH_VISITING)


@pytest.mark.parametrize(
    ("changes", "status", "day"),
    [
        pytest.param({"status": "onhold"}, "active", "2026-02-02", id="on hold is still theirs"),
        pytest.param(
            {"status": "finished", "period": {"start": "2026-02-02", "end": "2026-02-27"}},
            "ended",
            "2026-02-27",
            id="finished",
        ),
        pytest.param(
            {"status": "cancelled", "statusHistory": [earlier("active", "2026-02-02")]},
            "ended",
            "2026-02-02",
            id="withdrawn after it had begun",
        ),
    ],
)
def test_how_a_service_stands(changes: dict[str, Any], status: str, day: str) -> None:
    event = told(episode(**changes))

    assert service(event).status == status
    assert event.occurred.at.date().isoformat() == day


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "planned"}, "episode-not-begun", id="planned"),
        pytest.param({"status": "waitlist"}, "episode-not-begun", id="on a waiting list"),
        pytest.param({"status": "cancelled"}, "episode-cancelled", id="never begun"),
        pytest.param({"status": "asleep"}, "episode-status-unknown", id="no status of FHIR's"),
        pytest.param(
            {"type": [concept(SNOMED, "892811000000109")]},
            "episode-type-not-used",
            id="an adult's mental health service",
        ),
        pytest.param(
            {"type": [concept(SNOMED, "109201000000109")]},
            "episode-type-not-used",
            id="an adult's substance use service",
        ),
        pytest.param(
            {"type": [concept(SNOMED, "710081004")]}, "episode-type-not-used", id="in no table"
        ),
        pytest.param({"patient": None}, "subject-missing", id="nobody's"),
    ],
)
def test_what_is_not_told_of_an_episode(changes: dict[str, Any], reason: str) -> None:
    assert reasons(sent(episode(**changes))) == [reason]


def test_entered_in_error_takes_back_what_was_told_and_may_come_first() -> None:
    first, wrong = told(episode()), told(episode(status="entered-in-error"))

    assert (first.act, wrong.act) == ("assert", "retract")
    assert wrong.fact == first.fact


def test_a_pregnancy_is_the_mothers() -> None:
    event = told(episode("preg", "mother", type=[MIDWIFERY]))

    assert isinstance(event.detail, MaternityBooked)
    assert [subject.role for subject in event.subjects] == [Role.MOTHER]


def test_each_step_in_camhs_has_its_day_by_the_history() -> None:
    history = [earlier("waitlist", "2026-01-05", "2026-02-01"), earlier("active", "2026-02-02")]
    over = {"status": "finished", "period": {"start": "2026-01-05", "end": "2026-02-28"}}

    assert steps(status="active") == {"accepted": "2026-02-02"}
    assert steps(status="active", statusHistory=history) == {
        "referred": "2026-01-05",
        "accepted": "2026-02-02",
    }
    assert steps(statusHistory=history, **over) == {
        "referred": "2026-01-05",
        "accepted": "2026-02-02",
        "discharged": "2026-02-28",
    }


def test_a_referral_to_camhs_that_came_to_nothing_stays_a_referral() -> None:
    history = [earlier("waitlist", "2026-01-05", "2026-02-01")]

    assert steps(status="cancelled", statusHistory=history) == {"referred": "2026-01-05"}
    assert reasons(sent(episode(type=[CAMHS], status="cancelled"))) == ["episode-cancelled"]


def test_every_step_in_camhs_is_taken_back_together() -> None:
    wrong = mapped(sent(episode(type=[CAMHS], status="entered-in-error"))).events

    assert [event.act for event in wrong] == ["retract"] * 3
    assert told(episode(type=[CAMHS])).fact in {event.fact for event in wrong}
