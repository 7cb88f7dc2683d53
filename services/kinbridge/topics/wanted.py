"""What topics.yaml asks of a cluster: every topic by its full name, with its settings."""

from __future__ import annotations

from typing import Final

from kinbridge.topics.cluster import TopicState
from kinbridge_schemas.topics import Topics

CONFIGS: Final = ("cleanup.policy", "max.message.bytes", "min.insync.replicas", "retention.ms")
"""The settings of a topic that we decide about; the rest is the cluster's own."""


def wanted(
    topics: Topics, authorities: tuple[str, ...], *, replication: int | None = None
) -> tuple[TopicState, ...]:
    """Give every topic that should be there, by name.

    `authorities` fill the templates. `replication` takes the place of what topics.yaml says,
    for a cluster of fewer brokers.
    """
    found = topics.expanded({"authority": authorities})
    return tuple(
        TopicState(
            name=name,
            partitions=topic.partitions,
            replication=replication or topic.replication,
            configs={
                # Compacting would tear holes into the offsets that a stage reads without gaps.
                "cleanup.policy": "delete",
                "max.message.bytes": str(topic.max_bytes),
                "min.insync.replicas": str(max(1, (replication or topic.replication) - 1)),
                "retention.ms": str(topic.retention_ms),
            },
        )
        for name, topic in sorted(found, key=lambda pair: pair[0])
    )
