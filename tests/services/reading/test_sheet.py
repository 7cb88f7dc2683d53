"""An alert as its reader sees it: fifteen points, one order, nothing left silent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kinbridge.reading.sheet import Sheet, sheet
from kinbridge.reading.text import lay_out
from kinbridge.reading.words import gestation, moment, occurred, words
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.concerns import Check
from kinbridge_schemas.vocabulary import (
    DisclosureTier,
    InputStatus,
    Occurred,
    Precision,
    Service,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "schemas" / "examples" / "TeamAlert.v1"


def an_alert(name: str) -> TeamAlert:
    return TeamAlert.model_validate_json((EXAMPLES / f"{name}.json").read_bytes())


def point(of: Sheet, number: int) -> str:
    return "\n".join(of.points[number - 1].lines)


def test_the_points_stand_in_their_order() -> None:
    titles = [(p.number, p.title) for p in sheet(an_alert("first")).points]

    assert titles == [
        (1, "What is asked"),
        (2, "What is new"),
        (3, "Whom it concerns"),
        (4, "Expected date or age"),
        (5, "Handling"),
        (6, "Where the case stands"),
        (7, "Facts"),
        (8, "Last seen by a health professional"),
        (9, "Next appointment"),
        (10, "What was checked"),
        (11, "Why you are told"),
        (12, "Whom to reach"),
        (13, "Earlier, and other children"),
        (14, "Who knows, and on what ground"),
        (15, "Your answers, and what stays open"),
    ]


@pytest.mark.parametrize("name", ["first", "correction"])
def test_no_point_is_silent(name: str) -> None:
    assert all(p.lines and all(p.lines) for p in sheet(an_alert(name)).points)


def test_it_says_who_is_asked_what_by_when() -> None:
    asked = point(sheet(an_alert("first")), 1)

    assert asked.startswith("Please find out whether care is being given")
    assert "Owner: MACPT health lead; cover: deputy health lead" in asked
    assert "by Mon 2 Mar 2026, 13:30" in asked


def test_a_correction_says_which_item_is_withdrawn_and_marks_its_fact() -> None:
    corrected = sheet(an_alert("correction"))

    assert "WITHDRAWN now: R1" in point(corrected, 2)
    assert "(attended elsewhere)" in point(corrected, 2)
    assert "— withdrawn" in point(corrected, 7)


def test_what_is_withdrawn_is_asked_of_nobody() -> None:
    alert = an_alert("correction")
    assert alert.content is not None
    withdrawn = alert.content.model_copy(update={"items": alert.content.items[:1]})
    asked = point(sheet(alert.model_copy(update={"content": withdrawn})), 1)

    assert asked.startswith("Nothing more is asked")
    assert "by " not in asked


def test_the_ground_is_printed_with_every_part_of_it() -> None:
    ground = point(sheet(an_alert("first")), 14)

    for part in ("Children Act 2004", "6(1)(e)", "9(2)(g)", "Sch 1 para 18", "confidentiality"):
        assert part in ground


def test_what_was_not_found_is_not_said_to_be_well() -> None:
    assert "Rebooked: looked for, nothing found" in point(sheet(an_alert("first")), 10)


def test_a_restricted_alert_shows_nothing_but_that_it_is_there() -> None:
    restricted = sheet(an_alert("restricted"))

    assert restricted.points == ()
    assert "opens in the console" in restricted.summary


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", ["first", "correction", "restricted"])
def test_no_line_is_wider_than_the_page(name: str, width: int) -> None:
    text = lay_out(sheet(an_alert(name)), width=width)

    assert max(map(len, text.splitlines())) <= width


def test_colour_adds_nothing_that_is_not_in_the_words() -> None:
    coloured = lay_out(sheet(an_alert("first")), colour=True)
    plain = lay_out(sheet(an_alert("first")))

    assert coloured != plain
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()] == (
        plain.splitlines()
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("macpt_health_lead", "MACPT health lead"),
        ("pre-birth-assessment", "pre-birth assessment"),
        ("did-not-attend", "did not attend"),
        ("safeguarding_nurse_0_19", "0-19 safeguarding nurse"),
        ("a_code_of_next_year", "a code of next year"),
    ],
)
def test_a_code_is_read_as_words(code: str, said: str) -> None:
    assert words(code) == said


def test_summer_and_winter_are_shown_in_london_time() -> None:
    assert moment(datetime(2026, 7, 1, 8, 30, tzinfo=UTC)) == "Wed 1 Jul 2026, 09:30"
    assert moment(datetime(2026, 12, 1, 8, 30, tzinfo=UTC)) == "Tue 1 Dec 2026, 08:30"


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (Precision.INSTANT, "Wed 1 Jul 2026, 09:30"),
        (Precision.DAY, "Wed 1 Jul 2026"),
        (Precision.MONTH, "Jul 2026"),
        (Precision.YEAR, "2026"),
        (Precision.UNKNOWN, "Wed 1 Jul 2026"),
    ],
)
def test_a_time_is_shown_as_exactly_as_it_was_given(precision: Precision, said: str) -> None:
    at = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)

    assert occurred(Occurred(at=at, precision=precision)) == said


@pytest.mark.parametrize(
    ("days", "said"), [(252, "36 weeks and 0 days"), (253, "36 weeks and 1 day"), (0, "0 weeks")]
)
def test_gestation_is_in_completed_weeks(days: int, said: str) -> None:
    assert gestation(days).startswith(said)


def _without_care(name: str, **changes: object) -> TeamAlert:
    """The alert with its items changed."""
    alert = an_alert(name)
    assert alert.content is not None
    items = tuple(
        item.model_copy(update={"concern": item.concern.model_copy(update=changes)})
        for item in alert.content.items
    )
    content = alert.content.model_copy(update={"items": items})
    return alert.model_copy(update={"content": content})


def test_what_a_reader_may_not_see_is_not_called_unknown() -> None:
    shown = sheet(_without_care("first", tier=DisclosureTier.EXISTENCE, last_seen=None))

    assert point(shown, 8) == "Not shown with this; ask the contact below."
    assert point(shown, 9) == "Not shown with this; ask the contact below."


def test_an_answer_of_health_is_shown_after_it_ended_what_was_asked() -> None:
    asked = Check(what="health-information", answer=InputStatus.DATA)
    shown = sheet(_without_care("first", status="ended", withdrawn="data", checks=(asked,)))

    assert point(shown, 10).startswith("Health information: health has information")
    assert "(answered: health has information)" in point(shown, 2)


def test_a_fact_of_no_service_is_not_called_unknown() -> None:
    alert = an_alert("first")
    assert alert.content is not None
    fact = alert.content.items[0].concern.facts[0]
    of_none = fact.model_copy(update={"service": Service.UNKNOWN})
    shown = sheet(_without_care("first", facts=(of_none,)))

    assert "not known" not in point(shown, 7)
