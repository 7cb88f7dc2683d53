"""When a process that exited is started again, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

_DOUBLINGS: Final = 20


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Back off from `first` by doubling to `longest`; give up after `limit` quick exits.

    A process that ran for `steady` counts as well again, and starts from the beginning.
    """

    first: timedelta = timedelta(milliseconds=500)
    longest: timedelta = timedelta(seconds=30)
    limit: int = 8
    steady: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class History:
    """How often a process has exited soon after it was started, in a row."""

    quick_exits: int = 0


def after_exit(
    history: History, ran: timedelta, policy: RestartPolicy
) -> tuple[History, timedelta | None]:
    """Give the new history and how long to wait before the start; None gives the process up."""
    if ran >= policy.steady:
        history = History()
    history = replace(history, quick_exits=history.quick_exits + 1)
    if history.quick_exits > policy.limit:
        return history, None
    doublings = min(history.quick_exits - 1, _DOUBLINGS)
    return history, min(policy.first * 2**doublings, policy.longest)
