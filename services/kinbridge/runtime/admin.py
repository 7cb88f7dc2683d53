"""Read what a cluster has and do what a plan says, through Kafka's admin API.

What is wanted and what may be done is decided in kinbridge.topics, which is pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from kinbridge.runtime.embedded import CLUSTER_PREFIX
from kinbridge.topics.acls import Acl
from kinbridge.topics.cluster import INTERNAL, Backlog, Cluster, TopicState
from kinbridge.topics.plan import Alter, Change, Create, Grow, Plan
from kinbridge.topics.wanted import CONFIGS

_LOOK_AGAIN: Final = 0.05
_SHOWN_WITHIN: Final = 90.0
"""Seconds. Brokers that are busy hear late of what the controller has decided."""
_ALLOW: Final = AclPermissionType.ALLOW

T = TypeVar("T")


class ClusterError(Exception):
    """The cluster cannot be asked, or said no; the message is for whoever runs the command."""


class ClusterAdmin:
    """The admin side of one cluster. Every method raises ClusterError.

    `kafka` are the settings of a confluent-kafka client, with `bootstrap.servers`; `within`
    is how many seconds an answer may take.
    """

    def __init__(self, kafka: Mapping[str, str], *, within: float = 20.0) -> None:
        self._within = within
        self._where = kafka["bootstrap.servers"]
        self._client = AdminClient({**kafka, "client.id": "kinbridge-topics", "log_level": 2})
        self._refuse_embedded()

    def cluster(self, *, backlogs_of: Iterable[str] = ()) -> Cluster:
        """Read the topics with their settings, and what waits on those that are named."""
        found = self._ask_metadata()
        names = sorted(name for name in found.topics if not name.startswith(INTERNAL))
        configs = self._configs(names)
        states = tuple(
            TopicState(
                name=name,
                partitions=len(found.topics[name].partitions),
                replication=len(found.topics[name].partitions[0].replicas),
                configs=configs[name],
            )
            for name in names
        )
        asked = {name: len(found.topics[name].partitions) for name in backlogs_of if name in names}
        return Cluster(
            id=found.cluster_id,
            brokers=len(found.brokers),
            topics=states,
            backlogs={name: self._backlog(name, count) for name, count in asked.items()},
        )

    def apply(self, plan: Plan) -> None:
        """Do what the plan says, and return when the cluster shows it.

        Interrupted, the next plan says what is left.
        """
        for change in plan.changes:
            match change:
                case Create():
                    self._create(change.topic)
                case Alter():
                    self._alter(change)
                case Grow():
                    self._grow(change)
        self._wait_until_shown(plan)

    def _wait_until_shown(self, plan: Plan) -> None:
        # The controller says yes before every broker has heard of it.
        until = monotonic() + _SHOWN_WITHIN
        while plan.changes:
            now = self.cluster()
            if all(_shows(now, change) for change in plan.changes):
                return
            if monotonic() > until:
                raise ClusterError("The cluster does not show the changes it has accepted.")
            sleep(_LOOK_AGAIN)

    def acls(self) -> frozenset[Acl]:
        """Read the permissions that we could have given; others are left out."""
        nothing: Any = None  # its signature says str, and None is how to say "any"
        anything = AclBindingFilter(
            ResourceType.ANY,
            nothing,
            ResourcePatternType.ANY,
            nothing,
            nothing,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        bindings = self._done(self._client.describe_acls(anything), "acls")
        return frozenset(acl for acl in map(_from_binding, bindings) if acl is not None)

    def allow(self, acls: Iterable[Acl]) -> None:
        """Give permissions. To give one twice changes nothing."""
        wanted = [_to_binding(acl) for acl in acls]
        for binding, answer in self._client.create_acls(wanted).items() if wanted else ():
            self._done(answer, str(binding.name))

    def _ask_metadata(self) -> ClusterMetadata:
        try:
            return self._client.list_topics(timeout=self._within)
        except KafkaException as problem:
            code = problem.args[0].name()
            raise ClusterError(f"No answer from {self._where}: {code}.") from None

    def _refuse_embedded(self) -> None:
        if str(self._ask_metadata().cluster_id).startswith(CLUSTER_PREFIX):
            raise ClusterError(
                "The embedded broker answers no admin calls; it makes its topics when it starts."
            )

    def _configs(self, names: list[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._client.describe_configs(asked, request_timeout=self._within)
        return {
            resource.name: {
                name: entry.value
                for name, entry in sorted(self._done(answer, resource.name).items())
                # What the cluster gives by default may change there: it is not the topic's own.
                if name in CONFIGS and entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
            }
            for resource, answer in answers.items()
        }

    def _create(self, topic: TopicState) -> None:
        new = NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=topic.replication,
            config=dict(topic.configs),
        )
        self._done(self._client.create_topics([new])[topic.name], topic.name)

    def _alter(self, change: Alter) -> None:
        entry = ConfigEntry(change.setting, change.to, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, change.topic, incremental_configs=[entry])
        answers = self._client.incremental_alter_configs([resource])
        for answer in answers.values():
            self._done(answer, change.topic)

    def _grow(self, change: Grow) -> None:
        answers = self._client.create_partitions([NewPartitions(change.topic, change.to)])
        self._done(answers[change.topic], change.topic)

    def _backlog(self, topic: str, partitions: int) -> Backlog:
        parts = [TopicPartition(topic, number) for number in range(partitions)]
        ends = self._offsets(parts, OffsetSpec.latest())
        starts = self._offsets(parts, OffsetSpec.earliest())
        lags = []
        for group in self._groups():
            asked = ConsumerGroupTopicPartitions(group)
            (answer,) = self._client.list_consumer_group_offsets([asked]).values()
            read = {
                part.partition: part.offset
                for part in self._done(answer, group).topic_partitions
                if part.topic == topic and part.offset >= 0
            }
            if read:
                lags.append(sum(end - read.get(n, starts[n]) for n, end in ends.items()))
        return Backlog(
            records=sum(end - starts[n] for n, end in ends.items()),
            unread=max(lags, default=None),
        )

    def _groups(self) -> list[str]:
        listed = self._done(self._client.list_consumer_groups(), "groups")
        return [group.group_id for group in listed.valid]

    def _offsets(self, parts: list[TopicPartition], which: OffsetSpec) -> dict[int, int]:
        answers = self._client.list_offsets(dict.fromkeys(parts, which))
        return {
            part.partition: self._done(answer, part.topic).offset
            for part, answer in answers.items()
        }

    def _done(self, answer: Future[T], about: str) -> T:
        try:
            return answer.result(timeout=self._within)
        except KafkaException as problem:
            error = problem.args[0]
            raise ClusterError(f"{about}: {error.name()}: {error.str()}") from None
        except TimeoutError:
            raise ClusterError(f"{about}: no answer within {self._within:.0f} s.") from None


def _shows(cluster: Cluster, change: Change) -> bool:
    match change:
        case Create(topic=wanted):
            return wanted.name in cluster.by_name
        case Alter(topic=name, setting=setting, to=to):
            return cluster.by_name[name].configs.get(setting) == to
        case Grow(topic=name, to=to):
            return cluster.by_name[name].partitions == to


def _to_binding(acl: Acl) -> AclBinding:
    return AclBinding(
        ResourceType.BROKER if acl.resource == "cluster" else ResourceType[acl.resource.upper()],
        acl.name,
        ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
        acl.principal,
        "*",
        AclOperation[acl.operation.upper()],
        _ALLOW,
    )


_RESOURCES: Final = {
    ResourceType.TOPIC: "topic",
    ResourceType.GROUP: "group",
    ResourceType.BROKER: "cluster",
}
_OPERATIONS: Final = frozenset({"read", "write", "describe", "idempotent_write"})


def _from_binding(binding: AclBinding) -> Acl | None:
    operation = AclOperation(binding.operation).name.lower()
    if binding.permission_type != _ALLOW or binding.host != "*":
        return None
    if operation not in _OPERATIONS or binding.restype not in _RESOURCES:
        return None
    return Acl.model_validate(
        {
            "principal": binding.principal,
            "operation": operation,
            "resource": _RESOURCES[binding.restype],
            "name": binding.name,
            "prefixed": binding.resource_pattern_type == ResourcePatternType.PREFIXED,
        }
    )
