"""What a turn knows of the store: states, due times and documents, read before it is folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from kinbridge.stage import Task
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)

Due = tuple[datetime, str]
"""When a key is to be looked at again, and the key: in this order they are evaluated."""

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
ALL: Final[Due] = (FOR_EVER, "")


@dataclass(frozen=True, slots=True)
class Kept(Generic[S]):
    """The state of a key and when it is due."""

    state: S
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task with what its outcome's envelope carries on."""

    task: Task
    correlation: str
    causation: str
    mapping: str


class MissingError(Exception):
    """The fold needs what was not read before it: read it and go on."""

    def __init__(
        self, *, keys: frozenset[str] = frozenset(), documents: frozenset[str] = frozenset()
    ) -> None:
        super().__init__("the fold needs more of the store")
        self.keys: Final = keys
        self.documents: Final = documents


@dataclass(slots=True)
class Seen(Generic[S]):
    """What was read for one partition.

    `keys` are those asked for; one that is not in `states` has none. `due` holds the rows
    that are due first, up to and with `horizon`.
    """

    states: dict[str, Kept[S]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    due: list[Due] = field(default_factory=list)
    horizon: Due = ALL

    def state(self, key: str) -> Kept[S] | None:
        if key not in self.keys:
            raise MissingError(keys=frozenset({key}))
        return self.states.get(key)


@dataclass(slots=True)
class Shelf:
    """The documents of a turn: those read, and over them those written, for all partitions."""

    read: Mapping[str, Value | None] = field(default_factory=dict)
    written: dict[str, Value | None] = field(default_factory=dict)

    def get(self, names: frozenset[str]) -> dict[str, Value]:
        """Give the documents that exist. Raises MissingError for one that was never read."""
        unread = names - self.written.keys() - self.read.keys()
        if unread:
            raise MissingError(documents=frozenset(unread))
        found = {n: self.written[n] if n in self.written else self.read[n] for n in names}
        return {name: value for name, value in found.items() if value is not None}
