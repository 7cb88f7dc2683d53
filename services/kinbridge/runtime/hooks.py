"""Places where a fault test may step in. A worker is given none outside such tests."""

from __future__ import annotations

from collections.abc import Sequence

from kinbridge.runtime.records import Outgoing


class Hooks:
    """Does nothing. A test overrides what it wants to break."""

    def before_commit(self) -> None:
        """Called in a turn's transaction, when all is written and before it is committed."""

    def after_commit(self) -> None:
        """Called when a turn is committed and nothing of it has been sent yet."""

    def fails(self, rows: Sequence[Outgoing]) -> frozenset[int]:
        """Say which of the rows about to be sent get lost, by their index."""
        del rows
        return frozenset()
