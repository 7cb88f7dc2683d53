"""The closed model of topics.yaml, the only source of topic names, keys and who may use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from kinbridge_schemas.base import Value
from kinbridge_schemas.envelope import DataClassification

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}

TopicName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.{}_-]{0,200}$")]
Party = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,30}$")]


class TopicsError(Exception):
    """topics.yaml is not as its model says. The message names the place."""


class Topic(Value):
    """One topic, or one template of topics, as `alerts.macpt.{authority}`.

    `from_` and `to` are stages of the line or parties outside it (`partners`, `case-systems`,
    `operations`). `clocked` topics carry clock records. `key` is a field of the contract, in
    dotted form, or `record` for a topic of received bytes.
    """

    name: TopicName
    holds: str
    schema_: Annotated[str, Field(alias="schema", pattern=r"^[A-Za-z]+/v\d+$")]
    key: str
    partitioner: Literal["murmur2"] = "murmur2"
    partitions: Annotated[int, Field(ge=1, le=512)]
    replication: Annotated[int, Field(ge=1, le=9)]
    retention: Annotated[str, StringConstraints(pattern=r"^\d+[mhd]$")]
    max_bytes: Annotated[int, Field(ge=1_000, le=50_000_000)]
    classification: DataClassification
    audience: Literal["line", "operations", "partnership"]
    from_: Annotated[tuple[Party, ...], Field(alias="from", min_length=1)]
    to: Annotated[tuple[Party, ...], Field(min_length=1)]
    clocked: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.findall(self.name))

    @property
    def retention_ms(self) -> int:
        return int(self.retention[:-1]) * _UNITS[self.retention[-1]]

    def named(self, parameters: Mapping[str, str]) -> str:
        """Fill the template. Raises TopicsError unless exactly its parameters are given."""
        if set(parameters) != set(self.parameters):
            raise TopicsError(f"{self.name} takes {self.parameters}, not {tuple(parameters)}.")
        return self.name.format(**parameters)


class Topics(Value):
    """All topics. `line_partitions` is the one count that all topics of the line share."""

    version: Literal[1]
    line_partitions: int
    topics: tuple[Topic, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [t.name for t in self.topics]
        if repeated := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"named twice: {sorted(repeated)}")
        for topic in self.topics:
            if topic.audience == "line" and topic.partitions != self.line_partitions:
                raise ValueError(
                    f"{topic.name} has {topic.partitions} partitions, "
                    f"the line {self.line_partitions}"
                )
        return self

    @cached_property
    def by_name(self) -> Mapping[str, Topic]:
        return {t.name: t for t in self.topics}

    def __getitem__(self, name: str) -> Topic:
        return self.by_name[name]

    def read_by(self, party: str) -> tuple[Topic, ...]:
        return tuple(t for t in self.topics if party in t.to)

    def written_by(self, party: str) -> tuple[Topic, ...]:
        return tuple(t for t in self.topics if party in t.from_)

    def expanded(self, values: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, Topic], ...]:
        """Give every topic of the cluster with its entry: templates filled from `values`."""
        found: list[tuple[str, Topic]] = []
        for topic in self.topics:
            combinations: list[dict[str, str]] = [{}]
            for name in topic.parameters:
                combinations = [{**c, name: v} for c in combinations for v in values.get(name, ())]
            found += [(topic.named(c), topic) for c in combinations]
        return tuple(found)

    def with_partitions(self, count: int) -> Topics:
        """The same topics with another partition count, as the embedded broker has its own."""
        return self.model_copy(
            update={
                "line_partitions": count,
                "topics": tuple(t.model_copy(update={"partitions": count}) for t in self.topics),
            }
        )


class _NoRepeats(yaml.SafeLoader):
    """YAML lets a later entry of one name replace an earlier one, in silence. We do not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        names = [key.value for key, _ in node.value]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise TopicsError(f"topics.yaml: named twice: {sorted(repeated)}.")
        return super().construct_mapping(node, deep)


def parse_topics(text: str) -> Topics:
    """Read the text of topics.yaml. Raises TopicsError with the place of each fault."""
    try:
        raw = yaml.load(text, Loader=_NoRepeats)  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise TopicsError(f"topics.yaml is not YAML{where}.") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("topics"), dict):
        raise TopicsError("topics.yaml needs `version`, `defaults` and `topics` by name.")
    if unknown := set(raw) - {"version", "defaults", "topics"}:
        raise TopicsError(f"topics.yaml: unknown entries {sorted(unknown)}.")
    defaults = raw.get("defaults") or {}
    for name, body in {"defaults": defaults, **raw["topics"]}.items():
        if not isinstance(body, dict):
            raise TopicsError(f"topics.yaml: {name} needs entries by name.")
    entries = [{"name": name, **defaults, **body} for name, body in raw["topics"].items()]
    try:
        return Topics.model_validate(
            {
                "version": raw.get("version"),
                "line_partitions": defaults.get("partitions"),
                "topics": entries,
            }
        )
    except ValidationError as problem:
        places = [
            f"{'.'.join(_place(entries, error['loc']))}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        ]
        raise TopicsError("topics.yaml: " + "; ".join(places)) from None


def load_topics(path: Path) -> Topics:
    """Read topics.yaml from a path. Raises TopicsError, or OSError when it is not there."""
    return parse_topics(path.read_text(encoding="utf-8"))


def _place(entries: list[dict[str, object]], loc: tuple[int | str, ...]) -> list[str]:
    parts = [str(part) for part in loc]
    if len(loc) > 1 and loc[0] == "topics" and isinstance(loc[1], int):
        parts[1] = str(entries[loc[1]]["name"])
    return parts
