"""Decide what is asked of a destination next, and what an answer becomes. Pure.

What other systems answer enters the line as received bytes, behind a line that says who was
asked about and for whom. That nobody answered is said in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinbridge.retrieval.pace import Pace
from kinbridge.retrieval.queueing import Ended, Turn
from kinbridge.retrieval.state import Errand, Queue
from kinbridge.retrieval.steps import ROUTE_OF
from kinbridge.stage import At, Decision, Message, Output, Task
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import ANSWER, Retrieval, Retrieved, framed


@dataclass(frozen=True, slots=True)
class Retrieving:
    """The stage's decisions, for the destinations that the file of sources names."""

    paces: Mapping[Code, Pace]
    pseudonymiser: Pseudonymiser
    received: str

    def decide(self, state: Queue, message: Message, at: At) -> Decision[Queue]:
        """Take one question or one outcome."""
        turn = Turn(state, self.paces.get(message.key), at.now)
        match message.body:
            case Retrieval() as asked:
                reason = turn.asked(asked)
            case Retrieved() as outcome:
                reason = turn.answered(outcome)
            case _:
                raise UnreadableError("contract-unexpected")
        errand = turn.queue.on_its_way
        return Decision(
            reason=reason,
            state=turn.queue,
            outputs=tuple(self._output(each) for each in turn.ended),
            task=None if errand is None else task(errand),
        )

    def _output(self, ended: Ended) -> Output:
        answer = ended.answer
        route = ROUTE_OF[answer.step]
        body = Received(
            id=derive_id("received", route, answer.destination, answer.retrieval, answer.step),
            content=framed(answer, ended.content),
            content_type=ANSWER,
            source=answer.destination,
            route=route,
        )
        # One key for all answers about one person, so that they are read in their order.
        record = f"{answer.step}|{answer.person}"
        key = self.pseudonymiser.of_source_record(answer.destination, record)
        return Output(self.received, key, body)


def task(errand: Errand) -> Task:
    """Give what the agent performs. The same attempt has the same id."""
    own = derive_id("errand", errand.asked.id, errand.step, str(errand.number))
    return Task(own, errand.due, errand)
