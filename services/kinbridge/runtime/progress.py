"""How far a partition of a stage has come: one value, replaced whole by each turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kinbridge.runtime.clock import BEFORE_TIME, Clocks


@dataclass(frozen=True, slots=True)
class World:
    """Which cluster and which topics the offsets belong to.

    `topics` gives the id of each topic read; it is empty where a broker knows none, as the
    embedded one.
    """

    cluster: str
    topics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything about a partition that must change together with its states.

    `version` is what a turn compares before it writes. `positions` is the next offset of each
    topic; `truncated` the topics whose beginning was gone when the partition was first read.
    `expected` is the next number of each (source, topic), `numbers` the next one to give to
    each (topic, partition), `place` the next place in the outbox. `clocks` are the last clocks
    heard, and `judged` the time up to which due times were evaluated and said onwards.
    """

    partition: int
    world: World
    version: int = 0
    epoch: int = 1
    positions: Mapping[str, int] = field(default_factory=dict)
    truncated: frozenset[str] = frozenset()
    expected: Mapping[tuple[str, str], int] = field(default_factory=dict)
    numbers: Mapping[tuple[str, int], int] = field(default_factory=dict)
    place: int = 0
    clocks: Clocks = field(default_factory=dict)
    judged: datetime = BEFORE_TIME
