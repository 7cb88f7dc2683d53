"""One worker of a counting stage, as its own process, with the faults it is asked to have."""

from __future__ import annotations

import faulthandler
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from kinbridge.runtime.app import Group
from kinbridge.runtime.database import UnavailableError
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.limit import Limit
from kinbridge.runtime.reader import Pace
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.worker import Settings, run_stage
from kinbridge.stage import Stage
from tests.services.runtime.calling import Caller, calling
from tests.services.runtime.counting import codec, stages, topics
from tests.services.runtime.waiting import waiting_stages


def calling_stages(tag: str, version: int) -> tuple[Stage[Any], ...]:
    return (calling(f"heads{tag}", f"tries{tag}", f"ones{tag}", version),)


LINES: Final[dict[str, Callable[[str, int], tuple[Stage[Any], ...]]]] = {
    "counting": stages,
    "waiting": waiting_stages,
    "calling": calling_stages,
}


class Faults(Hooks):
    """Fails sends and commits with a chance, or kills the process at one committed turn."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._lost_sends = asked.get("lost_sends", 0.0)
        self._lost_commits = asked.get("lost_commits", 0.0)
        self._kill_after_commit = asked.get("kill_after_commit", 0)
        self._random = random.Random(asked.get("seed", 0))
        self._commits = 0

    def before_commit(self) -> None:
        if self._random.random() < self._lost_commits:
            raise UnavailableError("lost by the test")

    def after_commit(self) -> None:
        self._commits += 1
        if self._commits == self._kill_after_commit:
            os.kill(os.getpid(), signal.SIGKILL)

    def fails(self, rows: Sequence[Outgoing]) -> frozenset[int]:
        if len(rows) > 1 and self._random.random() < self._lost_sends:
            return frozenset({self._random.randrange(len(rows) - 1)})
        return frozenset()


def main() -> None:
    # A test that waits in vain asks every worker where it stands.
    faulthandler.register(signal.SIGUSR1)
    asked = json.loads(sys.argv[1])
    tag = asked["tag"]
    made = LINES[asked.get("line", "counting")]
    line: dict[str, Stage[Any]] = {each.name: each for each in made(tag, asked["version"])}
    run_stage(
        line[asked["stage"]],
        topics=topics(asked["partitions"], tag),
        codec=codec(),
        store_url=asked["store"],
        kafka={"bootstrap.servers": asked["kafka"]},
        settings=Settings(
            group=Group(commit=asked.get("commit", 1.0)),
            pace=Pace(look_again=asked.get("look_again", 60.0)),
            limit=Limit(window=200, share=asked.get("share", 0.5), least=50),
            topics_within=asked.get("topics_within", 60.0),
            stale_after=asked.get("stale_after", 120.0),
        ),
        perform=Caller(f"tries{tag}") if asked.get("line") == "calling" else None,
        hooks=Faults(asked),
    )


if __name__ == "__main__":
    main()
