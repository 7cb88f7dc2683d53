"""The agent of retrieval over real HTTP, called by a line that runs in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr

from kinbridge.retrieval.agent import asking
from kinbridge.sources.care import CareServer
from kinbridge.sources.model import Sources
from kinbridge.stage import Output, Task

_ADDRESS: Final = "KINBRIDGE_JOURNEY_ADDRESS"


def care_of(*names: str, within: timedelta = timedelta(hours=4)) -> Sources:
    """A file of sources with FHIR servers of these names, all at one address."""
    servers = tuple(
        CareServer(name=name, address_setting=_ADDRESS, per_second=50, within=within)
        for name in names
    )
    return Sources(care=servers)


class Outside:
    """Performs what retrieval is to do, at the time that `now` tells."""

    def __init__(self, sources: Sources, address: str, now: Callable[[], datetime]) -> None:
        settings = {_ADDRESS: SecretStr(address)}
        self._runner: Final = asyncio.Runner()
        self._agent: Final = asking(sources, settings.__getitem__, clock=now)

    def __call__(self, key: str, task: Task, /) -> Output:
        return self._runner.run(self._agent(key, task))

    def close(self) -> None:
        self._runner.run(self._agent.close())
        self._runner.close()
