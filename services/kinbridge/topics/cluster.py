"""What a cluster has, as far as topics.yaml speaks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from kinbridge_schemas.base import Value

INTERNAL: Final = "__"
"""Kafka's own topics begin so."""


class TopicState(Value):
    """One topic as it is. `configs` are those that topics.yaml decides about."""

    name: str
    partitions: Annotated[int, Field(ge=1)]
    replication: Annotated[int, Field(ge=1)]
    configs: Mapping[str, str]


class Backlog(Value):
    """What still waits on a topic, in records.

    `records` lie on it; `unread` is the lag of the group that is furthest behind, and None
    when no group has ever committed there.
    """

    records: Annotated[int, Field(ge=0)]
    unread: int | None = None

    @property
    def drained(self) -> bool:
        """Whether everything that was written has been read by every group that reads."""
        return self.records == 0 or self.unread == 0


class Cluster(Value):
    """A cluster at one moment. `backlogs` are given only for topics that were asked about."""

    id: str
    brokers: Annotated[int, Field(ge=1)]
    topics: tuple[TopicState, ...]
    backlogs: Mapping[str, Backlog] = Field(default_factory=dict)

    @property
    def by_name(self) -> Mapping[str, TopicState]:
        return {topic.name: topic for topic in self.topics}
