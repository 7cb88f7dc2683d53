"""The stories through the whole line: real processes, real HTTP, a real broker and database.

Each is played twice: on the embedded broker with SQLite, and on Apache Kafka with PostgreSQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from kinbridge.demo.live import LiveWorld
from kinbridge.demo.played import Arrival
from kinbridge.demo.player import Player
from kinbridge.demo.story import Story, load_story, shipped
from kinbridge.demo.telling import expectation
from kinbridge_schemas.alerts import Delivery, Item
from kinbridge_schemas.dispositions import Disposition
from tests.integration.conftest import EMBEDDED
from tests.integration.line import AUTHORITIES, RunningLine, clinic
from tests.integration.receiver import Got
from tests.journey.people import Family, appointment, emergency_arrival, from_cases

pytestmark = pytest.mark.integration

PATIENCE = timedelta(seconds=90)


def patient(story: Story) -> Story:
    """Give the story for a machine that is busy with more than the line."""
    steps = tuple(
        step.model_copy(
            update={
                "expect": tuple(e.model_copy(update={"within": PATIENCE}) for e in step.expect)
            }
        )
        for step in story.steps
    )
    return story.model_copy(update={"steps": steps})


STORIES = [patient(load_story(path)) for path in shipped()]
SELF_HARM = "248062006"


@pytest.fixture(params=[EMBEDDED, "Kafka and PostgreSQL"], scope="module")
def line(request: pytest.FixtureRequest) -> RunningLine:
    name = "embedded_line" if request.param == EMBEDDED else "real_line"
    found: RunningLine = request.getfixturevalue(name)
    return found


def now() -> datetime:
    return datetime.now(UTC)


def alerts_until(
    world: LiveWorld, enough: Callable[[list[Arrival]], bool], within: timedelta = PATIENCE
) -> list[Arrival]:
    """Hear what comes until it is enough, or the time is over."""
    found: list[Arrival] = []
    until = monotonic() + within.total_seconds()
    while not enough(found) and monotonic() < until:
        found += world.listen(timedelta(seconds=until - monotonic()))
    return found


def items(arrivals: Iterable[Arrival]) -> dict[str, list[Item]]:
    """Give the items of each alert as its last revision has them."""
    last = {a.alert.alert: a.alert for a in sorted(arrivals, key=lambda a: a.alert.revision)}
    return {k: list(alert.content.items) if alert.content else [] for k, alert in last.items()}


def rules(arrivals: Iterable[Arrival]) -> list[tuple[str, str]]:
    found = [i.concern for each in items(arrivals).values() for i in each]
    return sorted((concern.rule, concern.status) for concern in found)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_expected_alert_of_a_story_comes(line: RunningLine, story: Story) -> None:
    with line.world() as world:
        played = Player(world, lambda _step: None).play(story, f"i{STORIES.index(story)}")

    assert [expectation(e) for e in played.missing] == []


def test_an_arrival_after_self_harm_is_told_at_once(line: RunningLine) -> None:
    family = Family("r7", born="2011-05-20")
    with line.world() as world:
        world.send(from_cases(*family.on_a_plan(now() - timedelta(days=30))))
        line.until_settled()
        world.send(emergency_arrival(family, now() - timedelta(hours=1), reason=SELF_HARM))
        heard = alerts_until(world, bool)

    assert rules(heard) == [("R7", "active")]
    assert [a.alert.urgency for a in heard] == ["U1"]
    assert heard[0].topic == "alerts.macpt.209"


def test_of_a_child_without_an_open_case_nothing_is_kept_or_told(line: RunningLine) -> None:
    family = Family("early", born="2012-06-21")
    arrival = emergency_arrival(family, now() - timedelta(hours=1))
    later = emergency_arrival(family, now() - timedelta(minutes=30), own="ed-2")
    with line.world() as world:
        world.send(arrival)
        line.until_settled()
        world.send(from_cases(*family.on_a_plan(now() - timedelta(days=30))))
        line.until_settled()
        world.send(later)
        heard = alerts_until(world, bool)

    assert rules(heard) == [("R7", "active")]
    assert {d.end for d in dispositions(line) if d.reason == "no-open-case"} == {"not-known"}


def test_accounts_in_the_wrong_order_raise_no_alarm(line: RunningLine) -> None:
    family = Family("order", edd=(now() + timedelta(days=18)).date().isoformat())
    start, before = clinic(days_ago=4), now() - timedelta(minutes=9)
    accounts = [
        appointment(
            family,
            "apt",
            start,
            status=status,
            recorded=before + timedelta(minutes=version),
            version=version,
        )
        for version, status in ((3, "fulfilled"), (1, "booked"), (2, "noshow"))
    ]
    with line.world() as world:
        world.send(from_cases(*family.on_a_plan(now() - timedelta(days=60))))
        line.until_settled()
        for account in accounts:
            world.send(account)
        line.until_settled()
        heard = world.listen(timedelta(seconds=0.5))

    # They take different ways to linking: should the miss have got there first, it was urgent
    # and said at once, and is corrected.
    assert rules(heard) in ([], [("R1", "withdrawn")])


def test_one_message_sent_again_and_again_is_one_item(line: RunningLine) -> None:
    family = Family("again", edd=(now() + timedelta(days=18)).date().isoformat())
    missed = appointment(family, "apt", clinic(days_ago=4), recorded=now())
    with line.world() as world:
        for event in [*family.on_a_plan(now() - timedelta(days=60))] * 2:
            world.send(from_cases(event))
        line.until_settled()
        for _ in range(4):
            world.send(missed)
        line.until_settled()
        heard = alerts_until(world, bool)
        more = world.listen(timedelta(seconds=0.5))

    assert rules([*heard, *more]) == [("R1", "active")]


def test_the_case_system_is_told_of_every_alert_in_order_with_a_signature(
    line: RunningLine,
) -> None:
    line.until_settled()
    said = {d.alert: d.revision for d in deliveries(line)}
    wanted = revisions(line)
    heard = line.receiver.wait_for(lambda got: latest(got) == wanted)
    sequences: dict[str, list[int]] = defaultdict(list)
    for got in line.receiver.got:
        sequences[got.data["authority"]].append(got.data["sequence"])

    assert heard
    assert said
    assert line.receiver.forged == 0
    assert {d.end for d in deliveries(line)} <= {"delivered", "superseded"}
    for numbers in sequences.values():
        assert numbers == list(range(1, len(numbers) + 1))
    assert latest(line.receiver.got) == wanted


def latest(got: Iterable[Got]) -> dict[str, int]:
    """Give the last revision of each alert that the case system was told of."""
    return {each.data["alert"]: each.data["revision"] for each in got}


def revisions(line: RunningLine) -> dict[str, int]:
    """Give each alert's last revision, as the teams' topics have it."""
    found: dict[str, int] = {}
    for topic in (
        f"alerts.{arm}.{code}" for arm in ("macpt", "family-help") for code in AUTHORITIES
    ):
        for alert in line.bodies(topic):
            found[alert.alert] = max(found.get(alert.alert, 0), alert.revision)
    return found


def deliveries(line: RunningLine) -> list[Delivery]:
    return [body for body in line.bodies("deliveries") if isinstance(body, Delivery)]


def dispositions(line: RunningLine) -> list[Disposition]:
    return [body for body in line.bodies("dispositions") if isinstance(body, Disposition)]


def test_a_case_system_that_was_away_is_told_all_the_same(embedded_line: RunningLine) -> None:
    receiver = embedded_line.receiver

    assert receiver.wait_for(bool)
    assert receiver.attempts > len(receiver.got)


def test_each_fact_has_exactly_one_end(line: RunningLine) -> None:
    ends: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in dispositions(line):
        ends[each.message, each.fact].add(each.id)

    assert ends
    assert {len(ids) for ids in ends.values()} == {1}
