"""What retrieval remembers of a destination, and what its agent is given to do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Value
from kinbridge_schemas.retrieval import Retrieval, Step


class Errand(Value):
    """One attempt at one step of a question, when it is due."""

    asked: Retrieval
    step: Step
    number: Annotated[int, Field(ge=1)]
    due: AwareDatetime


class Question(Value):
    """A question with the steps that are left. `tries`, `first` and `not_before` are of the first.

    `first` is when that step was tried first, from which its time runs.
    """

    asked: Retrieval
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    tries: Annotated[int, Field(ge=0)] = 0
    first: AwareDatetime | None = None
    not_before: AwareDatetime | None = None


class Queue(Value):
    """The questions to one destination, in the order in which they are asked.

    `on_its_way` is the one attempt that the agent has to make. `owed` is the token bucket: see
    `pace`. `failures` counts attempts in a row that nobody answered, and until `not_before` the
    destination is left alone.
    """

    questions: tuple[Question, ...] = ()
    on_its_way: Errand | None = None
    owed: AwareDatetime | None = None
    failures: Annotated[int, Field(ge=0)] = 0
    not_before: AwareDatetime | None = None
