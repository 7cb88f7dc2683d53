"""A case opens, and those who may be asked are asked what care there was: once, and on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from kinbridge.partnership.loader import load_all
from kinbridge.reading.sheet import sheet
from kinbridge_schemas.alerts import Reason, TeamAlert
from kinbridge_schemas.concerns import Concern, SharingDecision
from kinbridge_schemas.retrieval import Retrieval
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus
from tests.journey.outside import Outside, care_of
from tests.journey.people import Family, appointment, from_cases
from tests.journey.world import CODEC, POLICIES, MemoryWorld
from tests.services.retrieval.care_server import (
    CareServerStub,
    Fault,
    Resource,
    a_care_server,
    a_patient,
    an_appointment,
    an_emergency,
)

MONDAY: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SERVER: Final = "example-maternity"
"""The name of its live feed too: what it sends and what is fetched is one record."""
EXPECTED: Final = Family("nia", edd="2027-01-25")
BORN: Final = Family("otis", born="2021-01-15")
MOTHER: Final = EXPECTED.numbers["mother"]
CHILD: Final = BORN.numbers["child"]
AS_SHIPPED: Final = load_all(POLICIES)
ASKS: Final = {
    code: policy.model_copy(update={"care": policy.care.model_copy(update={"servers": (SERVER,)})})
    for code, policy in AS_SHIPPED.items()
    if policy.care is not None
}
HISTORY: Final = (20, 40, 60)
"""Days ago: all are longer ago than what the policy takes for news."""
TOPICS: Final = (
    "child-events",
    "linked-events",
    "alerts-proposed",
    "alerts",
    "sharing-decisions",
    "dispositions",
)

Make = Callable[..., MemoryWorld]


@pytest.fixture(scope="module")
def running() -> Iterator[CareServerStub]:
    with a_care_server() as stub:
        yield stub


@pytest.fixture
def hospital(running: CareServerStub) -> CareServerStub:
    fresh = running.fresh()
    fresh.holds[MOTHER] = [mother(), *(missed(f"nia-h{d}", MONDAY - d * DAY) for d in HISTORY)]
    return fresh


@pytest.fixture
def a_world(hospital: CareServerStub) -> Iterator[Make]:
    outsides: list[Outside] = []
    worlds: list[MemoryWorld] = []

    def make(
        *, disorder: Random | None = None, within: timedelta = timedelta(hours=4)
    ) -> MemoryWorld:
        place = len(worlds)
        sources = care_of(SERVER, within=within)

        def now() -> datetime:
            return worlds[place].now()

        outside = Outside(sources, hospital.base, now)
        outsides.append(outside)
        world = MemoryWorld(
            MONDAY,
            partnerships=ASKS,
            disorder=disorder,
            sources=sources,
            performs={"retrieval": outside},
        )
        worlds.append(world)
        return world

    yield make
    for outside in outsides:
        outside.close()


def mother() -> Resource:
    return a_patient(MOTHER, born="2004-03-11")


def missed(own: str, start: datetime, **changes: Any) -> Resource:
    return an_appointment(own, start, specialty="560", **changes)


def opened(world: MemoryWorld, family: Family = EXPECTED) -> MemoryWorld:
    """The case opens under a protection plan, and the clock moves."""
    world.send(from_cases(*family.on_a_plan(world.now())))
    world.pass_time(hours=1)
    return world


def misses(world: MemoryWorld, own: str = "live") -> Concern:
    """The mother misses an appointment today, and the clinic closes. Gives the concern."""
    start = world.now() + timedelta(minutes=10)
    world.until(start + timedelta(minutes=30))
    world.send(appointment(EXPECTED, own, start, recorded=world.now()))
    world.watch(start + timedelta(hours=5))
    return concerns(world)[-1]


def concerns(world: MemoryWorld, rule: str = "R1") -> list[Concern]:
    found = [i.concern for a in world.alerts() for i in a.items if i.concern.rule == rule]
    return sorted(found, key=lambda c: c.as_of)


def questions(world: MemoryWorld) -> list[Retrieval]:
    found = (m.body for m in world.line.outputs("retrievals"))
    return [body for body in found if isinstance(body, Retrieval)]


def decided(world: MemoryWorld) -> list[SharingDecision]:
    return [s for s in world.sharing() if s.asked is not None]


def kept(world: MemoryWorld, kind: str = "antenatal_appointment") -> int:
    """How many facts of a kind the picture of any child holds."""
    pictures = [state.picture for state in world.line.states("rules").values()]
    accounts = [told[-1] for picture in pictures for told in picture.facts.values()]
    return sum(account.detail.kind == kind for account in accounts)


def answers(concern: Concern) -> dict[str, InputStatus]:
    """What is said of the searches: what was searched, and with what end."""
    return {c.what: c.answer for c in concern.checks if "-at-" in c.what}


def checked(world: MemoryWorld) -> str:
    """What the last alert to the team says was checked."""
    found = (m.body for m in world.line.outputs("alerts.macpt.{authority}", authority="209"))
    alert = max((b for b in found if isinstance(b, TeamAlert)), key=lambda b: b.revision)
    return "\n".join(sheet(alert).points[9].lines)


def bytes_of(world: MemoryWorld, *topics: str) -> bytes:
    return b"\n".join(CODEC.encode(m.body) for t in topics for m in world.line.outputs(t))


def test_a_history_of_missed_appointments_is_fetched_once_and_alarms_nobody_by_itself(
    a_world: Make, hospital: CareServerStub
) -> None:
    world = opened(a_world())
    world.watch(MONDAY + DAY)

    assert hospital.searches == ["Appointment", "Encounter"]
    assert kept(world) == len(HISTORY)
    assert concerns(world) == []


def test_what_was_fetched_stands_on_the_alarm_that_follows(a_world: Make) -> None:
    world = opened(a_world())
    concern = misses(world)
    lines = checked(world)

    assert answers(concern) == {
        "appointments-of-mother-at-example-maternity": InputStatus.DATA,
        "encounters-of-mother-at-example-maternity": InputStatus.NO_DATA,
    }
    assert "Appointments of mother at example maternity: found" in lines
    assert "Encounters of mother at example maternity: looked for, nothing found" in lines
    # Of the history only what lies in the rule's own window belongs to this miss.
    assert [(MONDAY - f.occurred.at).days for f in concern.facts] == [20, -1]
    assert "miss number 2" in concern.why


def test_a_miss_of_last_week_is_news_however_it_came_and_its_live_copy_is_none(
    a_world: Make, hospital: CareServerStub
) -> None:
    start = MONDAY - 4 * DAY
    hospital.holds[MOTHER] = [mother(), missed("nia-recent", start)]
    world = opened(a_world())
    world.pass_time(hours=4)
    world.send(appointment(EXPECTED, "recent", start, recorded=start))
    world.pass_time(hours=4)
    copies = [d for d in world.dispositions() if d.end == "duplicate"]

    assert len({c.concern for c in concerns(world)}) == 1
    assert [a.reason for a in world.alerts() if a.new or a.corrected] == [Reason.FIRST]
    assert (kept(world), len(copies)) == (1, 1)


def test_a_later_answer_takes_back_what_an_earlier_one_raised(
    a_world: Make, hospital: CareServerStub
) -> None:
    start = MONDAY - 4 * DAY
    hospital.holds[MOTHER] = [mother(), missed("nia-recent", start)]
    world = opened(a_world())
    world.pass_time(hours=4)
    hospital.holds[MOTHER][1] = missed("nia-recent", start, status="fulfilled", version=2)
    world.send(from_cases(a_discussion(EXPECTED, world)))
    world.pass_time(hours=2)
    last = concerns(world)[-1]

    assert (last.status, last.withdrawn) == ("withdrawn", "attended")
    assert kept(world) == 1


def a_discussion(family: Family, world: MemoryWorld, own: str = "discussion") -> dict[str, Any]:
    at = world.now()
    return family.event(
        "strategy_discussion_requested",
        at,
        own=own,
        meeting_id=f"{family.name}-{own}",
        decision_at=at.isoformat(),
    )


def test_a_strategy_discussion_asks_anew_with_its_reason(
    a_world: Make, hospital: CareServerStub
) -> None:
    world = opened(a_world())
    world.send(from_cases(a_discussion(EXPECTED, world)))
    world.pass_time(hours=1)

    assert [q.why for q in questions(world)] == ["protection-plan", "strategy-discussion"]
    assert hospital.searches == ["Appointment", "Encounter"] * 2
    assert [(d.decision, d.reason, d.asked) for d in decided(world)] == [
        ("share", "protection-plan", SERVER),
        ("share", "strategy-discussion", SERVER),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_order_repeat_or_replay_asks_more_or_other_questions(
    a_world: Make, hospital: CareServerStub, seed: int
) -> None:
    plain = a_world()
    opened(plain)
    draw = Random(seed)
    mixed = a_world(disorder=draw)
    events = EXPECTED.on_a_plan(mixed.now()) * 2
    draw.shuffle(events)
    for event in events:
        mixed.send(from_cases(event))
    mixed.pass_time(hours=1)

    assert [q.id for q in questions(mixed)] == [q.id for q in questions(plain)]
    assert hospital.searches == ["Appointment", "Encounter"] * 2
    assert kept(mixed) == kept(plain) == len(HISTORY)


def test_a_born_child_without_a_plan_is_only_asked_whether_there_is_anything(
    a_world: Make, hospital: CareServerStub
) -> None:
    start = MONDAY - 30 * DAY
    hospital.holds[CHILD] = [a_patient(CHILD), an_appointment("o1", start, status="fulfilled")]
    world = a_world()
    world.send(from_cases(BORN.registered(MONDAY)))
    world.pass_time(hours=1)
    (question,) = questions(world)
    (search,) = hospital.asked

    assert search.form["_summary"] == ["count"]
    assert question.wanted.model_dump()["tier"] is DisclosureTier.EXISTENCE
    assert (kept(world, "appointment_recorded"), kept(world, "care_retrieved")) == (0, 1)


def test_under_a_plan_a_born_childs_care_is_fetched(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.holds[CHILD] = [
        a_patient(CHILD),
        an_appointment("o1", MONDAY - 30 * DAY, status="fulfilled"),
        an_emergency("o2", MONDAY - 90 * DAY),
    ]
    world = opened(a_world(), BORN)

    assert kept(world, "appointment_recorded") == 1
    assert kept(world, "ed_attended") == 1
    assert concerns(world, "R7") == []


def test_a_case_that_closed_before_anybody_was_asked_asks_nobody(
    a_world: Make, hospital: CareServerStub
) -> None:
    world = a_world()
    closed = BORN.event("episode_closed", MONDAY, episode_id="otis-episode", reason="RC8")
    world.send(from_cases(BORN.registered(MONDAY - DAY), closed))
    world.pass_time(hours=2)

    assert (questions(world), hospital.asked) == ([], [])


def test_a_disclosure_risk_holds_the_question_for_a_named_person(
    a_world: Make, hospital: CareServerStub
) -> None:
    world = a_world()
    risk = EXPECTED.event("disclosure_risk_set", MONDAY, risk_id="r", ground="domestic-abuse")
    world.send(from_cases(*EXPECTED.on_a_plan(MONDAY), risk))
    world.pass_time(hours=1)

    assert hospital.asked == []
    assert [(d.decision, d.reason) for d in decided(world)] == [("hold", "disclosure-risk")]


def test_an_adopted_child_is_not_asked_about(a_world: Make, hospital: CareServerStub) -> None:
    world = a_world()
    shield = BORN.event("adoption_shield_started", MONDAY, trigger="rc1")
    world.send(from_cases(*BORN.on_a_plan(MONDAY - DAY), shield))
    world.pass_time(hours=2)

    assert (questions(world), hospital.asked) == ([], [])


def waiting(world: MemoryWorld) -> int:
    """How many questions wait to be asked."""
    return sum(len(state.questions) for state in world.line.states("retrieval").values())


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        pytest.param(
            "adoption_shield_started", {"trigger": "rc1"}, "no-longer-applies", id="adopted"
        ),
        pytest.param(
            "episode_closed", {"episode_id": "e", "reason": "RC8"}, "case-closed", id="closed"
        ),
        pytest.param(
            "disclosure_risk_set",
            {"risk_id": "r", "ground": "domestic-abuse"},
            "disclosure-risk",
            id="a risk in telling",
        ),
    ],
)
def test_a_question_that_still_waits_is_called_back_when_it_may_not_be_asked_any_more(
    a_world: Make, hospital: CareServerStub, kind: str, data: dict[str, str], reason: str
) -> None:
    hospital.down = Fault(503)
    world = opened(a_world(), BORN)
    asked, before = len(hospital.asked), waiting(world)
    world.send(from_cases(BORN.event(kind, world.now(), **data)))
    world.until(world.now() + timedelta(seconds=1))
    hospital.down = None
    world.pass_time(hours=3)

    assert (before, waiting(world)) == (1, 0)
    assert len(hospital.asked) == asked
    assert ("withdraw", reason) in [(d.decision, d.reason) for d in decided(world)]


def test_a_question_that_was_called_back_for_a_risk_is_asked_once_it_is_cleared(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.down = Fault(503)
    world = opened(a_world())
    risk = EXPECTED.event("disclosure_risk_set", world.now(), risk_id="r", ground="other")
    world.send(from_cases(risk))
    world.pass_time(hours=1)
    hospital.down = None
    world.send(from_cases(EXPECTED.event("disclosure_risk_cleared", world.now(), risk_id="r")))
    world.pass_time(hours=1)
    first, back, again = questions(world)

    assert back.calls_back == first.id
    assert again.id != first.id
    assert kept(world) == len(HISTORY)


def test_what_is_told_of_a_child_after_its_adoption_is_kept_nowhere(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.holds[CHILD] = [a_patient(CHILD), an_appointment("o1", MONDAY - 30 * DAY)]
    world = a_world()
    world.send(from_cases(*BORN.on_a_plan(MONDAY)))
    world.send(from_cases(BORN.event("adoption_shield_started", MONDAY, trigger="rc1")))
    world.pass_time(hours=2)
    states = [state.picture for state in world.line.states("rules").values()]

    assert [picture.facts for picture in states] == [{}]
    assert CHILD.encode() not in bytes_of(world, "retrievals")


def test_of_a_restricted_child_nothing_says_where_care_was_looked_for(a_world: Make) -> None:
    world = opened(a_world())
    world.send(from_cases(EXPECTED.event("record_restricted", world.now())))
    concern = misses(world)

    assert set(answers(concern)) == {
        "appointments-of-mother-at-providers",
        "encounters-of-mother-at-providers",
    }
    assert SERVER.encode() not in bytes_of(world, "alerts-proposed", "alerts")


def test_what_is_not_answered_yet_and_what_never_was_are_not_nothing(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.down = Fault(503)
    waiting = opened(a_world(within=timedelta(days=2)))
    misses(waiting)
    given_up = opened(a_world(within=timedelta(hours=2)))
    given_up.pass_time(hours=3)
    given_up.until(MONDAY + DAY)
    concern = misses(given_up)

    assert "Appointments of mother at example maternity: asked, not answered yet" in checked(
        waiting
    )
    assert set(answers(concern).values()) == {InputStatus.NO_RESPONSE}
    assert "asked, no response: this is not that there is nothing" in checked(given_up)
    assert "looked for, nothing found" not in checked(given_up).partition("at example")[2]


def test_a_server_that_was_away_for_a_while_is_asked_again_and_answers(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.down = Fault(503)
    world = opened(a_world())
    hospital.down = None
    world.pass_time(hours=1)

    assert kept(world) == len(HISTORY)
    assert world.line.reasons("retrieval")["try-later"] >= 1


def test_that_one_kind_may_not_be_seen_hides_nothing_of_the_other(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.refuses = {"Encounter": 403}
    concern = misses(opened(a_world()))

    assert answers(concern) == {
        "appointments-of-mother-at-example-maternity": InputStatus.DATA,
        "encounters-of-mother-at-example-maternity": InputStatus.NOT_PERMITTED,
    }


def test_what_a_server_gives_of_somebody_else_goes_no_further(
    a_world: Make, hospital: CareServerStub
) -> None:
    hospital.ignores = True
    hospital.holds = {
        CHILD: [a_patient(CHILD, "p2"), missed("o1", MONDAY - 20 * DAY, patient="p2")]
    }
    world = opened(a_world())
    concern = misses(world)

    # A server that did not search as it was asked has not said that there is nothing.
    assert answers(concern) == {
        "appointments-of-mother-at-example-maternity": InputStatus.NO_RESPONSE,
        "encounters-of-mother-at-example-maternity": InputStatus.NO_DATA,
    }
    assert kept(world) == 1


def test_no_text_of_a_provider_and_no_key_that_names_a_person_is_anywhere(
    a_world: Make,
) -> None:
    world = opened(a_world())
    misses(world)
    topics = (*TOPICS, "retrievals", "retrieval-outcomes", "received.retrieved")
    keys = {m.key for t in topics for m in world.line.outputs(t)}

    assert b"Words of a clinician" not in bytes_of(world, *TOPICS)
    assert [key for key in keys if MOTHER in key] == []
