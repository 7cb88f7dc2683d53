"""Flags and referrals: a safeguarding concern, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.events.care import ChildNotBrought, SafeguardingConcernRaised
from kinbridge_schemas.vocabulary import Provider, Role
from tests.adapters.fhir.care import (
    ADULT_AT_RISK,
    CAUSE_FOR_CONCERN,
    HEADINGS,
    NO_CONCERN,
    SAFEGUARDING,
    SAFETY,
    UNBORN_CAUSE,
    bars,
    flag,
    mapped,
    reasons,
    referral,
    sent,
    told,
)
from tests.adapters.fhir.messages import SNOMED, Resource, appointment, concept, encounter

A_CONCERN = concept(SNOMED, CAUSE_FOR_CONCERN)


def raised(*resources: Resource) -> SafeguardingConcernRaised:
    detail = told(*resources).detail
    assert isinstance(detail, SafeguardingConcernRaised)
    return detail


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({}, CAUSE_FOR_CONCERN, id="BaRS"),
        pytest.param({"code": concept(SAFEGUARDING, "U")}, "U", id="BaRS, of no said kind"),
        pytest.param({"code": {"text": "typed"}}, None, id="its category is a concern by itself"),
        pytest.param(
            {"category": [concept(SAFETY, "safety")], "code": A_CONCERN},
            CAUSE_FOR_CONCERN,
            id="UK Core: safety, with a code of SNOMED CT",
        ),
        pytest.param(
            {
                "category": None,
                "code": A_CONCERN,
                "meta": {"tag": [{"system": HEADINGS, "code": "safeguarding"}]},
            },
            CAUSE_FOR_CONCERN,
            id="GP Connect: under a heading",
        ),
    ],
)
def test_a_safeguarding_flag_of_a_child_is_a_concern(
    changes: dict[str, Any], code: str | None
) -> None:
    assert raised(flag(**changes)).code == code


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(flag(NO_CONCERN), "no-safeguarding-concern", id="a concern was ruled out"),
        pytest.param(
            flag(code={"coding": [*A_CONCERN["coding"], {"system": SNOMED, "code": NO_CONCERN}]}),
            "flag-codes-disagree",
            id="a concern and none",
        ),
        pytest.param(flag("424242"), "flag-code-unknown", id="a code in no table"),
        pytest.param(
            flag(None, category=[concept(SAFETY, "safety")]),
            "flag-code-unknown",
            id="safety of any kind",
        ),
        pytest.param(
            flag(category=[concept(SAFETY, "diet")]), "flag-not-safeguarding", id="another flag"
        ),
        pytest.param(flag(category=None), "flag-not-safeguarding", id="no category"),
        pytest.param(flag(status="inactive"), "flag-inactive", id="shown no more"),
        pytest.param(flag(status="maybe"), "flag-status-unknown", id="no status of FHIR's"),
        pytest.param(flag(subject=None), "subject-missing", id="nobody's"),
    ],
)
def test_what_is_no_concern_is_parked_with_its_reason(made: Resource, reason: str) -> None:
    assert reasons(sent(made)) == [reason]


def test_of_an_adult_no_code_leaves_but_one_about_a_child() -> None:
    at_risk = told(flag(ADULT_AT_RISK, "mother"))
    unborn = told(flag(UNBORN_CAUSE, "mother"))

    assert at_risk.detail == SafeguardingConcernRaised(
        code=None, provider=Provider(ods="RJ1", name="Example Trust")
    )
    assert raised(flag(UNBORN_CAUSE, "mother")).code == UNBORN_CAUSE
    assert [e.subjects[0].role for e in (at_risk, unborn)] == [Role.UNKNOWN, Role.MOTHER]


def test_entered_in_error_takes_the_concern_back() -> None:
    right, wrong = told(flag()), told(flag(status="entered-in-error"))

    assert (right.act, wrong.act, right.fact) == ("assert", "retract", wrong.fact)


def test_a_referral_for_a_safeguarding_reason_is_a_concern_and_any_other_is_care() -> None:
    assert raised(referral(reasonCode=[A_CONCERN])).code == CAUSE_FOR_CONCERN
    assert reasons(sent(referral())) == ["referral-not-used"]
    assert reasons(sent(referral(reasonCode=[concept(SNOMED, NO_CONCERN)]))) == [
        "no-safeguarding-concern"
    ]
    for not_made in ({"status": "draft"}, {"doNotPerform": True}):
        assert reasons(sent(referral(reasonCode=[A_CONCERN], **not_made))) == ["referral-not-made"]


@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_a_referral_that_is_taken_back_takes_its_concern_back(status: str) -> None:
    asked = referral(reasonCode=[A_CONCERN])
    (before,) = mapped(bars(asked, event="servicerequest-request")).events
    (after,) = mapped(
        bars(asked | {"status": status}, event="servicerequest-request", reason="update")
    ).events

    assert (before.act, after.act, before.fact) == ("assert", "retract", after.fact)


def acts(bundle: Resource) -> dict[str, str]:
    return {event.detail.kind: event.act for event in mapped(bundle).events}


def test_a_request_of_bars_carries_its_flag_and_its_triage_is_no_arrival() -> None:
    new = bars(referral(), flag(), encounter(), event="servicerequest-request")

    assert acts(new) == {"safeguarding_concern_raised": "assert"}
    assert reasons(new) == ["encounter-of-a-referral", "referral-not-used"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param("active", "delete", id="the message deletes"),
        pytest.param("revoked", "update", id="the request is revoked"),
        pytest.param("entered-in-error", "update", id="the request was a mistake"),
    ],
)
def test_a_request_of_bars_that_is_taken_back_takes_its_flag_along(
    status: str, reason: str
) -> None:
    back = bars(referral(status=status), flag(), event="servicerequest-request", reason=reason)

    assert acts(back) == {"safeguarding_concern_raised": "retract"}


def test_an_answer_of_bars_says_that_nobody_came_and_keeps_the_concern() -> None:
    missed = appointment("a9", "child", status="noshow", serviceType=None)
    answer = bars(
        referral(status="revoked"), missed, flag("U"), encounter(), event="servicerequest-response"
    )

    assert acts(answer) == {
        "child_not_brought": "assert",
        "safeguarding_concern_raised": "assert",
    }
    (not_brought,) = (
        e.detail for e in mapped(answer).events if isinstance(e.detail, ChildNotBrought)
    )
    assert not_brought.raw_status == "noshow"


@pytest.mark.parametrize("event", ["booking-request", "booking-response"])
def test_a_booking_of_bars_is_new_changed_and_deleted(event: str) -> None:
    booked = appointment("b1", "child", serviceType=None)
    moved = booked | {"start": "2026-03-11T10:00:00+00:00"}

    made = [
        mapped(bars(which, event=event, reason=reason)).events[0]
        for which, reason in ((booked, "new"), (moved, "update"), (booked, "delete"))
    ]
    assert [e.act for e in made] == ["assert", "assert", "retract"]
    assert len({e.fact for e in made}) == 1
    assert made[1].occurred.at.day == 11
