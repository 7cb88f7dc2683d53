"""A process that exits is started again, later each time, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kinbridge.runtime.restarts import History, RestartPolicy, after_exit

POLICY = RestartPolicy(
    first=timedelta(seconds=1),
    longest=timedelta(seconds=5),
    limit=4,
    steady=timedelta(seconds=60),
)
QUICK = timedelta(seconds=1)


def waits(*runs: timedelta) -> list[timedelta | None]:
    history = History()
    found = []
    for ran in runs:
        history, wait = after_exit(history, ran, POLICY)
        found.append(wait)
    return found


def test_the_wait_doubles_up_to_the_longest_and_then_the_process_is_given_up() -> None:
    seconds = [wait and wait.total_seconds() for wait in waits(*[QUICK] * 5)]

    assert seconds == [1, 2, 4, 5, None]


def test_a_process_that_ran_steadily_starts_from_the_beginning() -> None:
    assert waits(QUICK, QUICK, timedelta(seconds=60))[-1] == timedelta(seconds=1)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(seconds=59)), max_size=12))
def test_a_process_that_never_runs_steadily_is_given_up_at_the_limit(
    runs: list[timedelta],
) -> None:
    found = waits(*runs)
    kept = [wait for wait in found if wait is not None]

    assert len(kept) == min(len(runs), POLICY.limit)
    assert all(earlier <= later <= POLICY.longest for earlier, later in pairwise(kept))
