"""NEMS event messages: threads, order, actions. JSON and XML alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from kinbridge_fhir.codes import EVENTS as READINGS
from kinbridge_fhir.codes import Reading
from kinbridge_fhir.nems import events as nems_events
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import (
    BABY,
    NHS_NUMBER,
    SENT,
    Resource,
    as_json,
    as_xml,
    birth,
)
from tests.adapters.fhir.nems import (
    EACH,
    LATER,
    UPDATED,
    cared_for,
    focus_of,
    mapped,
    parked,
    patient_of,
    record_changed,
    screen_deleted,
    screened,
    told,
    vaccinated,
)
from tests.adapters.mapping import map_one

each = pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())


def test_every_event_of_the_service_has_its_mapping() -> None:
    listed = {code for (_, code), reading in READINGS.items() if reading is Reading.NEMS}

    assert listed == {*nems_events.EVENTS, nems_events.BIRTH}
    assert len(listed) == 10


@each
def test_an_event_means_the_same_in_json_and_in_xml(made: Callable[..., Resource]) -> None:
    from_json = map_one("fhir-message", as_json(made()), "application/fhir+json")
    from_xml = map_one("fhir-message", as_xml(made()), "application/fhir+xml")

    assert from_xml == from_json
    assert from_json.events


# -- threads


@each
def test_a_later_message_of_a_thread_is_another_account_of_the_same_fact(
    made: Callable[..., Resource],
) -> None:
    first = told(made())
    later = made(own="n2", meta={"lastUpdated": LATER}, timestamp=LATER)

    second = told(later)

    assert second.fact == first.fact
    assert second.version.later_than(first.version)
    assert second.id != first.id


@pytest.mark.parametrize("made", [cared_for, vaccinated, screened], ids=lambda m: m.__name__)
def test_a_thread_is_known_by_the_publishers_identifier_and_not_by_an_id(
    made: Callable[..., Resource],
) -> None:
    other_id, other_thing = made(), made()
    focus_of(other_thing)["identifier"][0]["value"] = "another"
    focus_of(other_id)["id"] = "made-anew"
    other_id["entry"][0]["resource"]["focus"] = [{"reference": other_id["entry"][1]["fullUrl"]}]

    assert told(other_id).fact == told(made()).fact
    assert told(other_thing).fact != told(made()).fact


def test_one_identifier_for_things_of_two_kinds_or_two_persons_names_two_threads() -> None:
    alike = [{"system": "https://example.org/identifiers", "value": "abc1111"}]
    service, screen, jab = cared_for(), screened(), vaccinated()
    for bundle in (service, screen, jab):
        focus_of(bundle)["identifier"] = alike
    other = vaccinated(routed=BABY)
    focus_of(other)["identifier"] = alike
    patient_of(other)["identifier"] = [{"system": NHS_NUMBER, "value": BABY}]

    assert len({told(bundle).fact for bundle in (service, screen, jab, other)}) == 4


@pytest.mark.parametrize("made", [cared_for, vaccinated, screened], ids=lambda m: m.__name__)
def test_a_delete_takes_back_the_very_fact_that_was_told(made: Callable[..., Resource]) -> None:
    new = told(made())
    gone = told(made(action="delete", own="n2", meta={"lastUpdated": LATER}))

    assert (new.act, gone.act) == ("assert", "retract")
    assert gone.fact == new.fact


def test_a_delete_with_header_and_encounter_alone_finds_its_screen() -> None:
    new = told(screened("nipe-outcome-1"))
    gone = told(screen_deleted("nipe-outcome-1", own="n2", meta={"lastUpdated": LATER}))

    assert (gone.fact, gone.act) == (new.fact, "retract")
    assert gone.subjects[0].nhs_number == new.subjects[0].nhs_number
    assert gone.subjects[0].role is Role.CHILD


# -- order


OLDER: Final = "2026-03-01T10:00:00+00:00"
IN_ORDER: Final = [
    pytest.param(
        {"meta": {"versionId": "1", "lastUpdated": LATER}, "timestamp": LATER},
        {"meta": {"versionId": "2", "lastUpdated": OLDER}, "timestamp": OLDER},
        id="versionId goes before all else",
    ),
    pytest.param(
        {"meta": {"versionId": "1", "lastUpdated": OLDER}, "timestamp": LATER},
        {"meta": {"versionId": "1", "lastUpdated": LATER}, "timestamp": OLDER},
        id="then lastUpdated",
    ),
    pytest.param(
        {"meta": {"versionId": "1", "lastUpdated": UPDATED}, "timestamp": OLDER},
        {"meta": {"versionId": "1", "lastUpdated": UPDATED}, "timestamp": LATER},
        id="then the timestamp",
    ),
    pytest.param(
        {"meta": None, "timestamp": OLDER},
        {"meta": None, "timestamp": LATER},
        id="the timestamp alone, as of a record change",
    ),
]


@pytest.mark.parametrize(("first", "second"), IN_ORDER)
def test_of_two_messages_of_a_thread_the_later_is_known(first: Any, second: Any) -> None:
    one, other = told(vaccinated(**first)), told(vaccinated(own="n2", **second))

    assert other.version.later_than(one.version)
    assert not one.version.later_than(other.version)


def test_a_message_without_any_time_counts_from_its_receipt() -> None:
    bare = record_changed(timestamp=None)
    del bare["timestamp"]

    event = told(bare)

    assert event.version.updated.isoformat() == "2026-03-02T10:20:00+00:00"
    assert event.occurred.precision.value == "unknown"


def test_two_things_told_under_equal_keys_are_two_accounts_and_a_repeat_is_one() -> None:
    consent = told(vaccinated())
    again = told(vaccinated(own="n2"))
    brought = told(vaccinated(own="n3", reason="281399006"))

    assert consent.version.order == brought.version.order
    assert again.id == consent.id
    assert brought.id != consent.id


def test_a_timestamp_that_no_clock_shows_costs_nobody_the_message() -> None:
    """An official example was sent 58 hours from Zulu; its lastUpdated is right."""
    event = told(screened(timestamp="2017-11-01T15:00:00+58:00"))

    assert event.version.sent is None
    assert event.version.updated.isoformat() == "2026-03-02T10:00:00+00:00"


def test_a_timestamp_that_no_clock_shows_is_refused_where_nothing_else_orders() -> None:
    with pytest.raises(UnreadableError) as raised:
        mapped(screened(meta=None, timestamp="2017-11-01T15:00:00+58:00"))

    assert (raised.value.reason, raised.value.path) == ("time-invalid", "MessageHeader.timestamp")


# -- actions


def test_a_message_that_does_not_say_what_it_does_is_new() -> None:
    assert told(vaccinated(action=None)).act == "assert"


@each
def test_an_action_that_nobody_listed_is_parked(made: Callable[..., Resource]) -> None:
    assert parked(made(action="replace")) == [("parked-unsupported", "message-action-unknown")]


def test_other_content_under_one_message_id_has_no_other_version() -> None:
    assert {mapped(made(meta={"lastUpdated": LATER})).version for made in EACH.values()} == {"1"}
    assert mapped(birth()).version == mapped(vaccinated(timestamp=SENT)).version
