"""Ask a cluster who it is, and whether the topics of a stage are there."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Final

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ClusterMetadata

from kinbridge.runtime.embedded import CLUSTER_PREFIX
from kinbridge.runtime.exits import TopicsMissingError
from kinbridge.runtime.progress import World

ANSWER_SECONDS: Final = 5.0


def find_world(
    kafka: Mapping[str, str], topics: Mapping[str, int], reads: frozenset[str], *, within: float
) -> World:
    """Wait until every topic stands with its partition count, then say which world this is.

    `topics` are the partition counts of all the stage touches; ids are asked of those it
    reads. The embedded broker answers no such question: there the cluster alone is known.
    Raises TopicsMissingError after `within` seconds, with what is wrong.
    """
    admin = AdminClient({**kafka, "log_level": 0})
    until = monotonic() + within
    while True:
        found, wrong = _asked(admin, topics)
        if found is not None and not wrong:
            break
        if monotonic() > until:
            raise TopicsMissingError(wrong)
        # librdkafka's own wait, so that an answer ends it: there is none to this poll.
        admin.poll(0.5)
    cluster = str(found.cluster_id)
    if cluster.startswith(CLUSTER_PREFIX):
        return World(cluster)
    return World(cluster, _ids(admin, reads))


def _asked(admin: AdminClient, topics: Mapping[str, int]) -> tuple[ClusterMetadata | None, str]:
    try:
        found = admin.list_topics(timeout=ANSWER_SECONDS)
    except KafkaException:
        return None, "The broker does not answer."
    for name, count in sorted(topics.items()):
        if name not in found.topics:
            return found, f"The topic {name} does not exist."
        if (there := len(found.topics[name].partitions)) != count:
            return found, f"The topic {name} has {there} partitions, not {count}."
    return found, ""


def _ids(admin: AdminClient, topics: frozenset[str]) -> dict[str, str]:
    asked = admin.describe_topics(TopicCollection(sorted(topics)), request_timeout=30)
    found = {name: answer.result() for name, answer in asked.items()}
    return {
        name: f"{each.topic_id.get_most_significant_bits():x}"
        f"-{each.topic_id.get_least_significant_bits():x}"
        for name, each in found.items()
    }
