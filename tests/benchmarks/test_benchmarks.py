"""What the benchmarks count and compare, and that their load is what it says it is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.birth_message import birth_message
from benchmarks.capture import Asked, opened, play
from benchmarks.chain.job import FRESH, STAGES, counted, next_key, topics
from benchmarks.chain.run_engine import topics_of
from benchmarks.figures import Figure, NothingMeasuredError, latencies, median
from benchmarks.load import SECOND, Schedule
from benchmarks.machine import Machine
from benchmarks.mappings import Record, records
from benchmarks.mix import MIX, URGENT, Families
from benchmarks.people import MOST, nhs_number
from benchmarks.profiles import gather
from benchmarks.report import Run, as_page
from benchmarks.targets import TARGETS, judge
from kinbridge_fhir import FhirMessages
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.identifiers import NhsNumber, Pseudonymiser
from kinbridge_schemas.mapped import Given
from kinbridge_schemas.received import Received

NOW = datetime(2026, 11, 9, 11, 0, tzinfo=UTC)
REQUIREMENTS = Path(__file__).parents[2] / "benchmarks" / "quix-requirements.txt"


@pytest.mark.parametrize(
    ("milliseconds", "p50", "p95", "p99"),
    [
        pytest.param([7], 7, 7, 7, id="one sample is every percentile"),
        pytest.param(range(1, 101), 50, 95, 99, id="a hundred"),
        pytest.param([1, 2], 1, 2, 2, id="of two the lower is the middle"),
        pytest.param([9, 1, 5], 5, 9, 9, id="in any order"),
    ],
)
def test_percentiles_are_samples_of_the_nearest_rank(
    milliseconds: list[int], p50: int, p95: int, p99: int
) -> None:
    found = latencies(each * 1_000_000 for each in milliseconds)

    assert (found.p50, found.p95, found.p99) == (p50, p95, p99)


def test_no_samples_are_no_percentiles() -> None:
    with pytest.raises(NothingMeasuredError):
        latencies([])


def test_the_middle_of_rounds_is_one_of_them() -> None:
    assert [median([3.0, 1.0, 2.0]), median([4.0, 1.0])] == [2.0, 1.0]


def test_records_are_due_by_the_schedule_whatever_happened_before() -> None:
    schedule = Schedule(start=1_000, rate=500)
    due = [schedule.due(number) for number in range(4)]

    assert {later - earlier for earlier, later in pairwise(due)} == {SECOND // 500}
    assert [Schedule(1_000, 0).due(number) for number in (0, 9)] == [1_000, 1_000]


def test_a_goal_without_a_figure_is_shown_as_not_measured() -> None:
    judged = {each.target.figure: each for each in judge([Figure("line/p99/100", 301, "ms")])}

    assert judged["line/p99/100"].verdict == "missed"
    assert Counter(each.verdict for each in judged.values()) == {
        "missed": 1,
        "not measured": len(TARGETS) - 1,
    }


def test_a_figure_on_the_line_reaches_its_goal() -> None:
    reached = judge(Figure(target.figure, target.bound, target.unit) for target in TARGETS)

    assert {each.verdict for each in reached} == {"reached"}


def test_the_page_says_that_the_machine_was_not_quiet() -> None:
    machine = Machine("a processor", 2, 8, "Linux", 3.0, 20.0, {"python": "3.11"})
    page = as_page(Run(NOW, "abc1234", quick=True, minutes=2, machine=machine, parts=[]))

    assert "which was not quiet" in page
    assert "the quick run" in page
    assert page.count("not measured") == len(TARGETS)


def test_a_profile_puts_a_library_s_time_where_it_was_caused() -> None:
    stacks = """\
run (faust/worker.py);turn (services/kinbridge/runtime/engine.py);execute (sqlalchemy/base.py) 6
run (faust/worker.py);fetch (aiokafka/fetcher.py) 3
run (threading.py);select (selectors.py) 1
main (threading.py);EpollSelector.select (selectors.py) 90"""
    profile = gather("one", stacks)

    assert profile.owners == {
        "kinbridge/runtime/engine.py": 0.6,
        "outside: faust": 0.3,
        "outside: Python": 0.1,
    }


def test_made_up_numbers_are_well_formed_and_all_different() -> None:
    numbers = [nhs_number(index) for index in (*range(3_000), MOST // 2, MOST - 1)]

    assert len(set(numbers)) == len(numbers)
    assert [NhsNumber(number).reveal() for number in numbers] == numbers
    assert {number[:3] for number in numbers} == {"900", "999"}


def test_the_birth_is_mapped_whole() -> None:
    content = birth_message(1, nhs_number(0), nhs_number(1))
    received = Received(
        id="received-1",
        content=content,
        content_type="application/fhir+xml",
        source="nems",
        route="fhir-message",
    )
    mapped = FhirMessages()(received, Given(Pseudonymiser(b"benchmarks" * 4), NOW))
    event = mapped.events[0]

    assert len(mapped.events) == 1
    assert event.detail.model_dump(include={"live", "births", "gestation_weeks"}) == {
        "live": True,
        "births": 1,
        "gestation_weeks": 39.0,
    }


@pytest.mark.parametrize("record", records(), ids=lambda record: record.name)
def test_each_record_is_mapped_and_is_valid_where_it_is_fhir(record: Record) -> None:
    if record.full is not None:
        record.full()

    assert record.mapped().events


def _said(asked: dict[str, Asked]) -> set[str]:
    """Give which received records led to a team alert."""
    delivery = asked["delivery"]
    return {
        message.envelope.correlation
        for state, message, at in delivery.facts
        if any(
            isinstance(o.body, TeamAlert)
            for o in delivery.stage.decide(state, message, at).outputs
        )
    }


def test_every_urgent_event_of_the_mix_is_an_alert_at_once_and_no_other_is() -> None:
    families = Families(12, NOW)
    events = families.relevant(0, 60)
    asked = opened(families, NOW)
    play(asked, events, NOW)

    assert sum(each.urgent for each in events) == 12
    assert _said(asked) == {each.id for each in events if each.urgent}
    assert set(MIX) >= URGENT


def test_events_not_known_end_at_linking() -> None:
    families = Families(2, NOW)
    asked = opened(families, NOW)
    play(asked, families.not_known(0, 20), NOW + timedelta(seconds=1))

    assert len(asked["linking"].facts) == 20
    assert not asked["rules"].facts


def test_the_chain_s_topics_fit_its_stages() -> None:
    described = topics_of("run")

    assert [described.read_by(stage)[0].name for stage in STAGES] == list(topics("run")[:-1])
    assert [described.written_by(stage)[0].name for stage in STAGES] == list(topics("run")[1:])


def test_counting_depends_on_what_came_and_records_change_their_key() -> None:
    once = counted(FRESH, "n1")

    assert counted(once, "n2") == counted(counted(FRESH, "n2"), "n1")
    assert counted(once, "n1") != once
    assert len({next_key(number, "count-a") for number in range(499)}) == 499


def test_the_other_environment_is_locked_and_names_no_index() -> None:
    text = REQUIREMENTS.read_text()

    assert "quixstreams==3.28.1" in text
    assert "://" not in text
    assert text.count("--hash=sha256:") > text.count("==")
