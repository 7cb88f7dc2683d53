"""Who may read and write which topic, as Kafka's ACLs, from `from` and `to` of topics.yaml.

Kafka grants by topic and by principal. A stage is `kinbridge-<stage>`. A party outside that
reads topics of one authority has a principal for that authority, so that one borough cannot
read another's.
"""

from __future__ import annotations

from typing import Final, Literal

from kinbridge_schemas.base import Value
from kinbridge_schemas.topics import Topic, Topics

PREFIX: Final = "kinbridge-"
TICKER: Final = "ticker"
_RUNS_AS: Final = {"subscriptions": "intake"}
"""A part of intake reads what intake wrote, as the same user. It is no stage: time waits for
whoever writes and reads."""
CLUSTER: Final = "kafka-cluster"
"""The one name that a resource of type cluster has."""


class Acl(Value):
    """One permission. `prefixed` grants on every name that begins so."""

    principal: str
    operation: Literal["read", "write", "describe", "idempotent_write"]
    resource: Literal["topic", "group", "cluster"]
    name: str
    prefixed: bool = False

    def __str__(self) -> str:
        rest = "*" if self.prefixed else ""
        return f"allow {self.principal} {self.operation} {self.resource} {self.name}{rest}"


def acls(topics: Topics, authorities: tuple[str, ...]) -> tuple[Acl, ...]:
    """Give every permission that the line and the parties around it need, and no other."""
    found: set[Acl] = set()
    for name, topic in topics.expanded({"authority": authorities}):
        values = {"authority": name.rpartition(".")[2]} if topic.parameters else {}
        for party in topic.from_:
            found |= _writes(principal(party, values, topics), name)
        for party in topic.to:
            found |= _reads(principal(party, values, topics), name)
        if _is_head(topic, topics):
            found |= _writes(principal(TICKER, {}, topics), name)
    return tuple(sorted(found, key=str))


def principal(party: str, values: dict[str, str], topics: Topics) -> str:
    """Name a party as Kafka knows it: a stage once, an outside reader once an authority."""
    party = _RUNS_AS.get(party, party)
    outside = not topics.written_by(party) and party != TICKER
    return "-".join([f"User:{PREFIX}{party}", *(values.values() if outside else ())])


def _is_head(topic: Topic, topics: Topics) -> bool:
    return topic.clocked and any(not topics.read_by(party) for party in topic.from_)


def _writes(who: str, topic: str) -> set[Acl]:
    return {
        Acl(principal=who, operation="write", resource="topic", name=topic),
        Acl(principal=who, operation="describe", resource="topic", name=topic),
        Acl(principal=who, operation="idempotent_write", resource="cluster", name=CLUSTER),
    }


def _reads(who: str, topic: str) -> set[Acl]:
    group = who.removeprefix("User:")
    return {
        Acl(principal=who, operation="read", resource="topic", name=topic),
        Acl(principal=who, operation="describe", resource="topic", name=topic),
        # Prefixed: a rebuilt stage has a new group, and a reader outside may have several.
        Acl(principal=who, operation="read", resource="group", name=group, prefixed=True),
    }
