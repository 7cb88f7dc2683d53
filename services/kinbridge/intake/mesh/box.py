"""What the poller needs of a mailbox. `agent` gives the real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from kinbridge.intake.mesh.decide import Parcel, Unfetched

MOST_LISTED: Final = 5_000
"""Messages of one round, so that a mailbox that fills up is still seen to be worked on."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """It did not work now. `wish` is how long the server wants to be left alone.

    `alone`: it may be the fault of this message by itself, so the next one is worth trying.
    """

    reason: str
    wish: timedelta | None = None
    alone: bool = False


class Box(Protocol):
    """A mailbox. Every call waits for an answer; none raises for what MESH says or does."""

    def greet(self) -> TryLater | None:
        """Say who is there, as MESH wants it once a day; it proves the credentials."""
        ...

    def listed(self) -> tuple[str, ...] | TryLater:
        """Give the ids of the messages that wait, of all pages, but no more than MOST_LISTED."""
        ...

    def fetch(self, message: str) -> Parcel | Unfetched | TryLater: ...

    def acknowledge(self, message: str) -> TryLater | None:
        """Let MESH forget a message. Harmless when it has already."""
        ...

    def close(self) -> None: ...
