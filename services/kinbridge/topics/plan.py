"""What has to be done so that a cluster is as topics.yaml says, and what must not be done.

Nothing is ever deleted and no topic ever shrinks. More partitions send a key elsewhere than
its earlier records, away from its state: so they are refused unless asked for, and then only
when nothing waits on the topic any more.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import Field

from kinbridge.topics.cluster import INTERNAL, Cluster, TopicState
from kinbridge_schemas.base import Value


class Outcome(IntEnum):
    """The exit codes of the commands, for CI."""

    SAME = 0
    FAILED = 1
    DIFFERS = 2


class Create(Value):
    """A topic that is not there."""

    kind: Literal["create"] = "create"
    topic: TopicState

    def __str__(self) -> str:
        t = self.topic
        return f"create  {t.name}: {t.partitions} partitions, replication {t.replication}"


class Alter(Value):
    """A setting that differs. `was` is None where the topic has none of its own."""

    kind: Literal["alter"] = "alter"
    topic: str
    setting: str
    was: str | None
    to: str

    def __str__(self) -> str:
        return f"alter   {self.topic}: {self.setting} {self.was or 'unset'} -> {self.to}"


class Grow(Value):
    """More partitions, asked for and safe."""

    kind: Literal["grow"] = "grow"
    topic: str
    was: int
    to: int

    def __str__(self) -> str:
        return f"grow    {self.topic}: {self.was} -> {self.to} partitions"


Change = Annotated[Create | Alter | Grow, Field(discriminator="kind")]


class Refusal(Value):
    """A difference that is not made good here, and why."""

    topic: str
    reason: Literal[
        "never-shrinks", "grows-only-when-asked", "grows-only-when-drained", "replication-by-hand"
    ]
    detail: str

    def __str__(self) -> str:
        return f"refuse  {self.topic}: {self.detail} ({self.reason})"


class Plan(Value):
    """The changes for one cluster as it was seen; saved, it holds only while that is so.

    `unknown` topics are on the cluster and not in topics.yaml: they are left alone.
    """

    version: Literal[1] = 1
    cluster: str
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return Outcome.DIFFERS if self.changes or self.refusals else Outcome.SAME

    def lines(self) -> tuple[str, ...]:
        """The plan for a person, one thing a line."""
        counts = (len(self.changes), len(self.refusals), len(self.unknown))
        return (
            f"cluster {self.cluster}",
            *(str(change) for change in self.changes),
            *(str(refusal) for refusal in self.refusals),
            *(f"unknown {name}: not in topics.yaml, left alone" for name in self.unknown),
            *(f"warning {text}" for text in self.warnings),
            "{} to change, {} refused, {} unknown".format(*counts),
        )


class PlanRefusedError(Exception):
    """A plan is not made or not applied; the message says why."""


def make_plan(
    wanted: tuple[TopicState, ...],
    cluster: Cluster,
    *,
    expected_cluster: str = "",
    repartition: bool = False,
) -> Plan:
    """Compare. Raises PlanRefusedError when it is not the cluster that was expected."""
    if expected_cluster and cluster.id != expected_cluster:
        raise PlanRefusedError(
            f"This is cluster {cluster.id}, and the settings name {expected_cluster}."
        )
    changes: list[Change] = []
    refusals: list[Refusal] = []
    there = cluster.by_name
    for topic in wanted:
        if (found := there.get(topic.name)) is None:
            changes.append(Create(topic=topic))
            continue
        changes += _settings(topic, found)
        match _partitions(topic, found, cluster, repartition=repartition):
            case Grow() as grow:
                changes.append(grow)
            case Refusal() as refusal:
                refusals.append(refusal)
            case None:
                pass
        refusals += _replication(topic, found)
    names = {topic.name for topic in wanted}
    unknown = (n for n in sorted(there) if n not in names and not n.startswith(INTERNAL))
    return Plan(
        cluster=cluster.id,
        changes=tuple(changes),
        refusals=tuple(refusals),
        unknown=tuple(unknown),
        warnings=_warnings(wanted, cluster),
    )


def verify_plan(saved: Plan, now: Plan) -> None:
    """Raises PlanRefusedError unless the plan made now is the one that was saved."""
    if saved.cluster != now.cluster:
        raise PlanRefusedError(
            f"The plan is for cluster {saved.cluster}, and this is {now.cluster}."
        )
    if saved != now:
        raise PlanRefusedError("Since the plan, the cluster or topics.yaml changed: plan again.")


def _settings(topic: TopicState, found: TopicState) -> list[Change]:
    return [
        Alter(topic=topic.name, setting=name, was=found.configs.get(name), to=value)
        for name, value in sorted(topic.configs.items())
        if found.configs.get(name) != value
    ]


def _partitions(
    topic: TopicState, found: TopicState, cluster: Cluster, *, repartition: bool
) -> Grow | Refusal | None:
    if topic.partitions == found.partitions:
        return None
    step = f"{found.partitions} -> {topic.partitions} partitions"
    if topic.partitions < found.partitions:
        return Refusal(topic=topic.name, reason="never-shrinks", detail=step)
    if not repartition:
        return Refusal(
            topic=topic.name,
            reason="grows-only-when-asked",
            detail=f"{step} sends keys away from their state; --allow-repartition once drained",
        )
    backlog = cluster.backlogs.get(topic.name)
    if backlog is None or not backlog.drained:
        return Refusal(
            topic=topic.name, reason="grows-only-when-drained", detail=f"{step}, and records wait"
        )
    return Grow(topic=topic.name, was=found.partitions, to=topic.partitions)


def _replication(topic: TopicState, found: TopicState) -> list[Refusal]:
    if topic.replication == found.replication:
        return []
    return [
        Refusal(
            topic=topic.name,
            reason="replication-by-hand",
            detail=f"replication {found.replication} -> {topic.replication} moves data",
        )
    ]


def _warnings(wanted: tuple[TopicState, ...], cluster: Cluster) -> tuple[str, ...]:
    least = min((topic.replication for topic in wanted), default=3)
    most = max((topic.replication for topic in wanted), default=1)
    found = []
    if least < 3:  # noqa: PLR2004 - with three copies one broker may fail and one be upgraded
        found.append(f"replication {least}: acknowledged records may be lost with one broker")
    if most > cluster.brokers:
        found.append(f"replication {most} on {cluster.brokers} brokers cannot be had")
    return tuple(found)
