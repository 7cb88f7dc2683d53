"""Whether a mailbox, and what is expected in it, is still heard: what is shown and told of that.

A signal that comes every quarter of an hour shows that the mailbox works, and hides that another
subscription of the same mailbox has ended. So a workflow can be expected by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from kinbridge.intake.freshness import Freshness
from kinbridge.intake.mesh.meters import Meters
from kinbridge.sources.mesh import Mailbox

_log = structlog.get_logger("kinbridge.intake.mesh")

_ANY: Final = ""
"""Stands for the mailbox as a whole."""


class Hearing:
    """What was heard of one mailbox, and when. It begins as if all were heard at `now`."""

    def __init__(self, mailbox: Mailbox, meters: Meters, now: datetime) -> None:
        self._source: Final = mailbox.source
        self._meters: Final = meters
        expected = {_ANY: mailbox.expect_within, **mailbox.expect_workflows}
        self._fresh = {name: Freshness(within, now) for name, within in expected.items()}
        meters.received.labels(self._source).set(0)
        meters.expected.labels(self._source).set(mailbox.expect_within.total_seconds())
        for name in self._fresh:
            self._show(name)

    def heard(self, workflow: str, now: datetime) -> None:
        """Note that a message came, whatever became of it."""
        self._meters.received.labels(self._source).set(now.timestamp())
        for name in {_ANY, workflow.strip().upper()} & self._fresh.keys():
            before = self._fresh[name]
            if before.silent:
                quiet = int(before.quiet_for(now).total_seconds())
                _log.info("source.heard-again", quiet_seconds=quiet, **self._named(name))
            self._fresh[name] = before.heard_at(now)
            self._show(name)

    def listen(self, now: datetime) -> None:
        """Tell what has fallen silent since."""
        for name, before in self._fresh.items():
            after = self._fresh[name] = before.looked_at(now)
            self._show(name)
            if after.silent and not before.silent:
                _log.error(
                    "source.silent",
                    quiet_seconds=int(after.quiet_for(now).total_seconds()),
                    expected_seconds=int(after.expect_within.total_seconds()),
                    **self._named(name),
                )

    def look_again(self, now: datetime) -> timedelta:
        """Give how long until something may have fallen silent by itself."""
        return min(fresh.look_again(now) for fresh in self._fresh.values())

    def _named(self, name: str) -> dict[str, str]:
        named = {"source": self._source}
        return {**named, "workflow": name} if name else named

    def _show(self, name: str) -> None:
        silent = self._fresh[name].silent
        if name == _ANY:
            self._meters.silent.labels(self._source).set(silent)
        else:
            self._meters.workflow_silent.labels(self._source, name).set(silent)
