"""Who receives a revision, and what of it they may see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.delivery.decide import Delivery
from kinbridge.delivery.stage import TEAM_TOPICS, declare
from kinbridge.delivery.state import DeliveryState
from kinbridge.partnership.model import Subscription
from kinbridge.stage import At, Output
from kinbridge_schemas.alerts import AlertRevision, Dispatch, Suppressed, TeamAlert
from kinbridge_schemas.concerns import Concern, ShownFact, TeamAsked
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import DisclosureTier, Occurred, Service, TeamFound, Urgency
from tests.builders import a_child_ref
from tests.services.consolidation.builders import (
    FAMILY,
    START,
    Desk,
    a_concern,
    a_message,
    lewisham,
    minutes,
    withdrawn,
)


def a_subscription(name: str = "case-system", **changes: Any) -> Subscription:
    given = {
        "name": name,
        "kind": "webhook",
        "arms": ["macpt"],
        "url_setting": "KINBRIDGE_TEST_URL",
        "secret_setting": "KINBRIDGE_TEST_SECRET",
    }
    return Subscription.model_validate(given | changes)


def a_delivery(*subscriptions: Subscription) -> Delivery:
    policy = lewisham(subscriptions=subscriptions)
    return Delivery({"209": policy}, TEAM_TOPICS, dispatches="dispatches")


def deliver(
    delivery: Delivery, revisions: list[AlertRevision]
) -> tuple[DeliveryState, list[Output]]:
    state, outputs = DeliveryState(), list[Output]()
    for revision in revisions:
        decision = delivery.decide(
            state, a_message(revision, revision.family, START), At(START, START)
        )
        state = decision.state
        outputs += decision.outputs
    return state, outputs


def team_alerts(outputs: list[Output]) -> list[TeamAlert]:
    return [o.body for o in outputs if isinstance(o.body, TeamAlert)]


def dispatches(outputs: list[Output]) -> list[Dispatch]:
    return [o.body for o in outputs if isinstance(o.body, Dispatch)]


def a_fact() -> ShownFact:
    return ShownFact(
        fact="fact-1",
        occurred=Occurred(at=START),
        service=Service.MATERNITY,
        outcome="did-not-attend",
        provider="A hospital",
        place="A clinic",
        source="maternity",
    )


def revisions(*concerns: Concern) -> list[AlertRevision]:
    desk = Desk()
    for number, concern in enumerate(concerns):
        desk.propose(concern, at=START + minutes(number))
    # A correction waits for the next clock.
    desk.pass_time(START + minutes(len(concerns)))
    return desk.said


def restricted(concern: Concern, record_revision: int, *, minute: int = 0) -> Concern:
    whom = concern.whom.model_copy(update={"restriction": "sensitive"})
    at = START + minutes(minute)
    fields = {"whom": whom, "record_revision": record_revision, "as_of": at}
    return concern.model_copy(update=fields)


def test_a_revision_goes_to_the_topic_of_its_team_and_authority() -> None:
    said = revisions(a_concern(urgency=Urgency.U1, facts=(a_fact(),)))

    _, outputs = deliver(a_delivery(), said)

    assert [(o.topic, o.key, o.parameters) for o in outputs] == [
        ("alerts.macpt.{authority}", FAMILY, {"authority": "209"})
    ]
    content = team_alerts(outputs)[0].content
    assert content is not None
    assert content.items[0].concern.facts == (a_fact(),)


def test_the_topic_of_a_restricted_child_carries_the_id_and_urgency_only() -> None:
    said = revisions(restricted(a_concern(urgency=Urgency.U1, facts=(a_fact(),)), 1))

    _, outputs = deliver(a_delivery(), said)

    shown = team_alerts(outputs)[0]
    assert (shown.restricted, shown.content) == (True, None)
    assert shown.alert == said[0].alert


def test_one_restricted_child_hides_the_alert_of_the_whole_family() -> None:
    said = revisions(
        a_concern("one", urgency=Urgency.U1),
        restricted(a_concern("two", urgency=Urgency.U1, child=a_child_ref("two")), 1),
    )

    _, outputs = deliver(a_delivery(), said)

    assert [s.restricted for s in team_alerts(outputs)] == [False, True]


def test_a_restriction_counts_by_the_highest_revision_of_the_record() -> None:
    # The older account of one item says that there is no restriction; the newer of another does.
    newer = restricted(a_concern("newer", urgency=Urgency.U1), 7)
    older = a_concern("older", urgency=Urgency.U1, record_revision=3, at=START + minutes(1))

    state, outputs = deliver(a_delivery(), revisions(newer, older))

    assert [s.restricted for s in team_alerts(outputs)] == [True, True]
    assert [s.revision for s in state.seen] == [7]


def test_a_restriction_that_is_lifted_shows_the_alert_again() -> None:
    hidden = restricted(a_concern("hidden", urgency=Urgency.U1), 1)
    lifted = a_concern("later", urgency=Urgency.U1, record_revision=2, at=START + minutes(1))

    _, outputs = deliver(a_delivery(), revisions(hidden, lifted))

    assert [s.restricted for s in team_alerts(outputs)] == [True, False]


def test_what_only_exists_for_its_readers_is_stripped_again_when_it_is_sent() -> None:
    leaking = a_concern(urgency=Urgency.U1, facts=(a_fact(),), tier=DisclosureTier.EXISTENCE)

    _, outputs = deliver(a_delivery(), revisions(leaking))

    content = team_alerts(outputs)[0].content
    assert content is not None
    assert content.items[0].concern.facts == ()


def test_a_dispatch_is_thin() -> None:
    said = revisions(a_concern(urgency=Urgency.U1, facts=(a_fact(),)))

    _, outputs = deliver(a_delivery(a_subscription()), said)

    sent = dispatches(outputs)[0]
    text = sent.model_dump_json()
    assert (sent.subscription, sent.alert, sent.revision) == ("case-system", said[0].alert, 1)
    assert a_child_ref() not in text
    assert "hospital" not in text


@pytest.mark.parametrize(
    ("change", "count"),
    [
        pytest.param({}, 1, id="all of its team"),
        pytest.param({"arms": ["family-help"]}, 0, id="of another team"),
        pytest.param({"least_urgency": "U1"}, 0, id="only more urgent ones"),
        pytest.param({"least_urgency": "U2"}, 1, id="of this urgency"),
    ],
)
def test_a_subscription_has_what_it_asked_for(change: dict[str, Any], count: int) -> None:
    desk = Desk()
    desk.propose(a_concern(urgency=Urgency.U2))
    desk.pass_time(START + minutes(5))

    _, outputs = deliver(a_delivery(a_subscription(**change)), desk.said)

    assert len(dispatches(outputs)) == count


def test_whoever_had_the_alarm_has_its_correction_however_little_urgent() -> None:
    concern = a_concern(urgency=Urgency.U1)
    calmer = withdrawn(concern, at=START + minutes(1)).model_copy(update={"urgency": Urgency.U4})

    _, outputs = deliver(
        a_delivery(a_subscription(least_urgency="U1")), revisions(concern, calmer)
    )

    assert [d.reason for d in dispatches(outputs)] == ["first", "correction"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_any_repetition_says_each_revision_at_most_once(order: list[int]) -> None:
    said = revisions(*(a_concern(str(n), urgency=Urgency.U1) for n in range(3)))

    _, outputs = deliver(a_delivery(a_subscription()), [said[n] for n in order])

    ids = [o.body.id for o in outputs]
    assert len(set(ids)) == len(ids)
    assert [a.revision for a in team_alerts(outputs)] == sorted(
        a.revision for a in team_alerts(outputs)
    )


def test_an_authority_that_takes_no_part_is_a_dead_letter() -> None:
    said = revisions(a_concern(urgency=Urgency.U1))[0]
    other = said.model_copy(update={"authority": "999"})

    with pytest.raises(UnreadableError) as raised:
        deliver(a_delivery(), [other])

    assert (raised.value.reason, raised.value.path) == ("authority-not-known", "authority")


def test_the_stage_declares_what_it_writes() -> None:
    stage = declare({"209": lewisham()})

    assert set(stage.writes) == {*TEAM_TOPICS.values(), "dispatches"}


@pytest.mark.parametrize(
    ("tier", "named"),
    [(DisclosureTier.EXISTENCE, "hidden"), (DisclosureTier.CONTENT, "missed-appointments")],
)
def test_what_is_kept_back_is_named_only_to_who_may_know_the_rule(
    tier: DisclosureTier, named: str
) -> None:
    (revision,) = revisions(a_concern(urgency=Urgency.U1, tier=tier))
    kept = Suppressed(
        rule="missed-appointments",
        version="1",
        mode="shadow",
        concern=revision.items[0].concern.concern,
    )
    _, outputs = deliver(a_delivery(), [revision.model_copy(update={"suppressed": (kept,)})])
    (shown,) = team_alerts(outputs)

    assert shown.content is not None
    assert [s.rule for s in shown.content.suppressed] == [named]


def of_team(code: str, name: str = "one", *, minute: int = 0, **changes: Any) -> Concern:
    team = TeamAsked(code=code, title=f"The team {code}", found=TeamFound.ALLOCATED)
    at = START + minutes(minute)
    return a_concern(name, urgency=Urgency.U1, team=team, at=at, **changes)


def test_an_alert_names_its_team_and_reaches_the_subscription_of_that_team() -> None:
    delivery = a_delivery(
        a_subscription("east", teams=["team-east"]),
        a_subscription("west", teams=["team-west"]),
        a_subscription("all"),
    )
    _, outputs = deliver(delivery, revisions(of_team("team-east")))

    assert [s.team for s in team_alerts(outputs)] == ["team-east"]
    assert [(d.subscription, d.team) for d in dispatches(outputs)] == [
        ("east", "team-east"),
        ("all", "team-east"),
    ]


def test_children_of_two_teams_in_one_alert_reach_both() -> None:
    delivery = a_delivery(
        a_subscription("east", teams=["team-east"]), a_subscription("west", teams=["team-west"])
    )
    said = revisions(
        of_team("team-east"), of_team("team-west", "two", child=a_child_ref("two"), minute=1)
    )
    _, outputs = deliver(delivery, said)

    assert [(d.subscription, d.revision) for d in dispatches(outputs)] == [
        ("east", 1),
        ("east", 2),
        ("west", 2),
    ]


def test_another_team_is_told_and_so_is_the_one_that_had_it() -> None:
    delivery = a_delivery(
        a_subscription("east", teams=["team-east"]), a_subscription("west", teams=["team-west"])
    )
    said = revisions(of_team("team-east"), of_team("team-west", minute=1))
    _, outputs = deliver(delivery, said)

    assert [r.reason for r in said] == ["first", "correction"]
    assert [(d.subscription, d.revision, d.team) for d in dispatches(outputs)] == [
        ("east", 1, "team-east"),
        ("east", 2, "team-west"),
        ("west", 2, "team-west"),
    ]


def test_of_a_restricted_child_the_team_is_told_and_not_named() -> None:
    # The team of a neighbourhood says where the child lives.
    delivery = a_delivery(a_subscription("east", teams=["team-east"]))
    _, outputs = deliver(delivery, revisions(restricted(of_team("team-east"), 1)))

    assert [s.team for s in team_alerts(outputs)] == [None]
    assert [(d.subscription, d.team) for d in dispatches(outputs)] == [("east", None)]
