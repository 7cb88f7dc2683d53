"""What is known of one subscription, as values. Pure.

Nothing of it is kept by the process: where to read on and until when all changes were asked
for stand with Kafka's consumer group, the numbers with the server. So a restart begins with
`$status` and with asking for all that changed since.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from kinbridge.intake.freshness import Freshness
from kinbridge_fhir.heard import Pointer

Level = Literal["info", "warning", "error"]
Why = Literal[
    "start",
    "gap",
    "empty",
    "first-number",
    "restarted",
    "too-many",
    "not-fetched",
    "silent",
    "due",
]
"""Why all that changed is asked for."""

_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Said:
    """One operations event: a code, a level, and fields that are codes, counts and seconds."""

    code: str
    level: Level = "info"
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often something failed in a row, and when it may be tried again."""

    failures: int = 0
    until: datetime | None = None

    def waits(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def failed(self, now: datetime, wish: timedelta | None = None) -> Self:
        wait = min(_FIRST_WAIT * 2 ** min(self.failures, 10), _LONGEST_WAIT)
        return replace(
            self, failures=self.failures + 1, until=now + max(wait, wish or timedelta(0))
        )


@dataclass(frozen=True, slots=True)
class Find:
    """Look whether the server has our subscription, and how it stands."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask the server to activate it: a new one where `own` is empty."""

    own: str


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Ask how it stands. `handled` is what had been counted by then."""

    own: str
    handled: int


@dataclass(frozen=True, slots=True)
class AskEvents:
    """Ask for the events of these numbers, both included."""

    own: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AskChanged:
    """Ask for all that changed since, or only `until`. `upto` is the highest number known."""

    since: datetime
    begun: datetime
    upto: int
    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    pointer: Pointer


Step = Find | Subscribe | AskStatus | AskEvents | AskChanged | Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One subscription as it stands.

    `handled`: every event up to this number has come or was asked for; `beyond`: those that
    came early; `known`: the highest number that there is. `wanted` says why and since when all
    changes are to be asked for; `reconciled` until when they were. Where all at once is too
    much, `span` is how much at a time, and `reached` where the last part ended. `outdated`:
    the server was asked for something else than is configured; `renewed`: it was told so since
    the start.
    """

    freshness: Freshness
    reconciled: datetime
    own: str = ""
    status: str = ""
    ends: datetime | None = None
    handled: int | None = None
    beyond: frozenset[int] = frozenset()
    known: int = 0
    gap_since: datetime | None = None
    events_asked: bool = False
    gives_events: bool = True
    gives_status: bool = True
    pending: tuple[Pointer, ...] = ()
    wanted: tuple[Why, datetime] | None = None
    span: timedelta | None = None
    reached: datetime | None = None
    outdated: bool = False
    renewed: bool = False
    status_due: datetime | None = None
    reconcile_due: datetime | None = None
    managing: Backoff = Backoff()
    asking: Backoff = Backoff()
    problem: str = ""

    @property
    def missing(self) -> int:
        """How many events there are that have not come."""
        if self.handled is None:
            return 0
        return max(0, self.known - self.handled - len(self.beyond))

    @property
    def settled(self) -> bool:
        """Whether all that was heard has been dealt with."""
        return not self.pending and self.wanted is None and self.missing == 0

    def wants(self, why: Why, now: datetime) -> Self:
        return replace(self, wanted=(why, now))


Told = tuple[Watch, tuple[Said, ...]]
"""What is known now, and what operations are told."""
