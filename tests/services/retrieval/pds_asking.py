"""The stage retrieval with its real agent, asking the PDS of these tests; time is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from kinbridge.retrieval.agent import Asking, asking
from kinbridge.retrieval.stage import declare
from kinbridge.runtime.memory import Line
from kinbridge.sources.care import JwtAuth
from kinbridge.sources.model import Sources
from kinbridge.sources.pds import Pds
from kinbridge.stage import Message, Output, Task
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import (
    PDS,
    Answer,
    DemographicsWanted,
    Retrieval,
    retrieval_id,
    unframed,
)
from kinbridge_schemas.topics import load_topics
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS, when
from tests.services.retrieval.pds_stub import CLIENT, KEY_ID, PdsStub

START: Final = when("2026-10-05 09:00")
TOPICS: Final = load_topics(Path(__file__).parents[3] / "topics.yaml").with_partitions(2)
AUTH: Final = JwtAuth(
    kind="jwt",
    token_address_setting="KINBRIDGE_PDS_TOKENS",  # noqa: S106 - the name of a setting
    client_setting="KINBRIDGE_PDS_CLIENT",
    key_id_setting="KINBRIDGE_PDS_KEY_ID",
    private_key_setting="KINBRIDGE_PDS_KEY",
)


def pds(**changes: Any) -> Pds:
    fields: dict[str, Any] = {"address_setting": "KINBRIDGE_PDS", "auth": AUTH}
    return Pds(**(fields | changes))


def settings_of(stub: PdsStub, **changes: str) -> dict[str, str]:
    return {
        "KINBRIDGE_PDS": stub.base,
        "KINBRIDGE_PDS_TOKENS": stub.token_address,
        "KINBRIDGE_PDS_CLIENT": CLIENT,
        "KINBRIDGE_PDS_KEY_ID": KEY_ID,
        "KINBRIDGE_PDS_KEY": stub.key.private,
        **changes,
    }


def agent_of(stub: PdsStub, found: Pds | None = None, **changes: str) -> Asking:
    """Give the agent as a worker has it, with the clock of the stub."""
    settings = settings_of(stub, **changes)
    sources = Sources(pds=found or pds())
    return asking(sources, lambda name: SecretStr(settings[name]), clock=stub.clock)


def a_question(
    number: str,
    *,
    why: str = "signal",
    related: bool = False,
    cause: str = "event-1",
    relation: Role = Role.CHILD,
) -> Retrieval:
    asked = NhsNumber(number)
    person = PSEUDONYMS.of_nhs_number(asked)
    return Retrieval(
        id=retrieval_id(PDS, person, "demographics", why, cause),
        destination=PDS,
        wanted=DemographicsWanted(related=related),
        nhs_number=asked,
        person=person,
        relation=relation,
        why=why,
        asked=START,
    )


class Performing:
    """An agent for the line in memory, which knows no event loop."""

    def __init__(self, agent: Asking) -> None:
        self._agent: Final = agent
        self._runner: Final = asyncio.Runner()

    def __call__(self, key: str, task: Task) -> Output:
        return self._runner.run(self._agent(key, task))

    def close(self) -> None:
        self._runner.run(self._agent.close())
        self._runner.close()


@contextmanager
def performing(agent: Asking) -> Iterator[Performing]:
    found = Performing(agent)
    try:
        yield found
    finally:
        found.close()


class Clock:
    """The test's time, that all look at."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


class AskingLine:
    """The stage by itself: questions go in, answers come out, as time passes."""

    def __init__(self, stub: PdsStub, performs: Performing, clock: Clock, found: Pds) -> None:
        stage = declare(pseudonymiser=PSEUDONYMS, sources=Sources(pds=found))
        self._line: Final = Line([stage], TOPICS, codec(), performs={"retrieval": performs})
        self._clock: Final = clock
        self.stub: Final = stub
        self._line.tick(clock.now)

    def ask(self, *questions: Retrieval) -> None:
        for each in questions:
            envelope = Envelope(
                id=each.id,
                type=each.contract,
                source="stage:linking",
                recorded=self._clock.now,
                correlation=each.id,
            )
            self._line.send("retrievals", each.destination, each, envelope)
        self._line.run()

    def until_answered(self, most: timedelta = timedelta(hours=8)) -> None:
        """Let time go to each next attempt, until nothing is left to ask."""
        end = self._clock.now + most
        while self._clock.now < end and (tasks := self._line.tasks("retrieval")):
            due = min(task.due for task in tasks.values())
            self._clock.now = max(self._clock.now, due)
            self._line.tick(self._clock.now)
            self._line.run()
        assert not self._line.tasks("retrieval")

    def answers(self) -> list[tuple[Answer, bytes]]:
        bodies = [message.body for message in self.messages("received.retrieved")]
        return [unframed(body.content) for body in bodies if isinstance(body, Received)]

    def messages(self, topic: str) -> list[Message]:
        return self._line.outputs(topic)

    def reasons(self) -> dict[str, int]:
        return self._line.reasons("retrieval")

    def waits(self) -> int:
        return sum(len(queue.questions) for queue in self._line.states("retrieval").values())
