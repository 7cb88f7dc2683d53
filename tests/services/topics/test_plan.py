"""What differs between topics.yaml and a cluster, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.topics.cluster import Backlog, Cluster, TopicState
from kinbridge.topics.plan import (
    Alter,
    Create,
    Grow,
    Outcome,
    Plan,
    PlanRefusedError,
    make_plan,
    verify_plan,
)

CONFIGS = {"cleanup.policy": "delete", "retention.ms": "1000"}


def a_topic(
    name: str = "alerts", partitions: int = 6, replication: int = 3, retention: str = "1000"
) -> TopicState:
    return TopicState(
        name=name,
        partitions=partitions,
        replication=replication,
        configs={**CONFIGS, "retention.ms": retention},
    )


def a_cluster(*topics: TopicState, backlog: Backlog | None = None) -> Cluster:
    backlogs = {topic.name: backlog for topic in topics} if backlog else {}
    return Cluster(id="one", brokers=3, topics=topics, backlogs=backlogs)


def test_a_cluster_that_is_as_wanted_needs_nothing() -> None:
    plan = make_plan((a_topic(),), a_cluster(a_topic()))

    assert (plan.changes, plan.refusals, plan.outcome) == ((), (), Outcome.SAME)


def test_a_missing_topic_is_created() -> None:
    plan = make_plan((a_topic(),), a_cluster())

    assert plan.changes == (Create(topic=a_topic()),)
    assert plan.outcome is Outcome.DIFFERS


def test_a_setting_that_differs_is_altered() -> None:
    plan = make_plan((a_topic(),), a_cluster(a_topic(retention="5")))

    assert plan.changes == (Alter(topic="alerts", setting="retention.ms", was="5", to="1000"),)


@pytest.mark.parametrize(
    ("was", "to", "asked", "backlog", "expected"),
    [
        pytest.param(6, 3, True, Backlog(records=0), "never-shrinks", id="fewer, even when asked"),
        pytest.param(3, 6, False, Backlog(records=0), "grows-only-when-asked", id="not asked for"),
        pytest.param(3, 6, True, None, "grows-only-when-drained", id="backlog not known"),
        pytest.param(
            3, 6, True, Backlog(records=9, unread=1), "grows-only-when-drained", id="one waits"
        ),
        pytest.param(3, 6, True, Backlog(records=9), "grows-only-when-drained", id="never read"),
        pytest.param(3, 6, True, Backlog(records=9, unread=0), None, id="all read"),
        pytest.param(3, 6, True, Backlog(records=0), None, id="nothing on it"),
    ],
)
def test_partitions_grow_only_when_asked_and_drained(
    was: int, to: int, asked: bool, backlog: Backlog | None, expected: str | None
) -> None:
    cluster = a_cluster(a_topic(partitions=was), backlog=backlog)

    plan = make_plan((a_topic(partitions=to),), cluster, repartition=asked)

    grown = () if expected else (Grow(topic="alerts", was=was, to=to),)
    assert plan.changes == grown
    assert [refusal.reason for refusal in plan.refusals] == ([expected] if expected else [])
    assert plan.outcome is Outcome.DIFFERS


def test_another_replication_is_drift_that_is_not_made_good() -> None:
    plan = make_plan((a_topic(),), a_cluster(a_topic(replication=1)))

    assert plan.changes == ()
    assert [refusal.reason for refusal in plan.refusals] == ["replication-by-hand"]


def test_an_unknown_topic_is_listed_and_no_difference() -> None:
    cluster = a_cluster(a_topic(), a_topic("somebody-elses"), a_topic("__consumer_offsets"))

    plan = make_plan((a_topic(),), cluster)

    assert plan.unknown == ("somebody-elses",)
    assert plan.outcome is Outcome.SAME


def test_another_cluster_than_the_expected_one_is_refused() -> None:
    with pytest.raises(PlanRefusedError, match="cluster one"):
        make_plan((a_topic(),), a_cluster(), expected_cluster="two")


def test_too_few_copies_are_warned_about() -> None:
    few = make_plan((a_topic(replication=1),), a_cluster())
    many = make_plan((a_topic(replication=5),), a_cluster())

    assert "may be lost" in few.warnings[0]
    assert "cannot be had" in many.warnings[0]


def test_a_saved_plan_comes_back_as_it_was() -> None:
    plan = make_plan(
        (a_topic(), a_topic("deliveries", partitions=9)),
        a_cluster(a_topic(retention="5"), a_topic("deliveries")),
    )

    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(a_cluster(a_topic()), id="somebody created it"),
        pytest.param(a_cluster(a_topic("other")), id="an unknown topic appeared"),
        pytest.param(a_cluster().model_copy(update={"id": "two"}), id="another cluster"),
    ],
)
def test_a_saved_plan_is_refused_when_the_cluster_moved(moved: Cluster) -> None:
    saved = make_plan((a_topic(),), a_cluster())

    with pytest.raises(PlanRefusedError):
        verify_plan(saved, make_plan((a_topic(),), moved))


states = st.builds(
    a_topic,
    name=st.sampled_from(["alerts", "deliveries", "dispatches"]),
    partitions=st.integers(1, 9),
    replication=st.integers(1, 5),
    retention=st.sampled_from(["5", "1000"]),
)
topic_sets = st.lists(states, unique_by=lambda topic: topic.name).map(tuple)


def carried_out(plan: Plan, cluster: Cluster) -> Cluster:
    """The cluster after the plan, as Kafka would have it."""
    topics = dict(cluster.by_name)
    for change in plan.changes:
        match change:
            case Create(topic=topic):
                topics[topic.name] = topic
            case Alter(topic=name, setting=setting, to=to):
                configs = {**topics[name].configs, setting: to}
                topics[name] = topics[name].model_copy(update={"configs": configs})
            case Grow(topic=name, to=count):
                topics[name] = topics[name].model_copy(update={"partitions": count})
    return cluster.model_copy(update={"topics": tuple(topics.values())})


@given(wanted=topic_sets, there=topic_sets, asked=st.booleans())
def test_after_a_plan_only_what_was_refused_is_left(
    wanted: tuple[TopicState, ...], there: tuple[TopicState, ...], *, asked: bool
) -> None:
    before = a_cluster(*there, backlog=Backlog(records=0))
    first = make_plan(wanted, before, repartition=asked)
    after = carried_out(first, before)
    second = make_plan(wanted, after, repartition=asked)

    assert second.changes == ()
    assert second.refusals == first.refusals
    assert set(before.by_name) <= set(after.by_name)
    for earlier, later in pairwise([before, after]):
        for name, topic in earlier.by_name.items():
            assert later.by_name[name].partitions >= topic.partitions
