"""What sending remembers of a subscription, and what its agent is given to do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from kinbridge_schemas.alerts import Dispatch
from kinbridge_schemas.base import Value


class Errand(Value):
    """One attempt to deliver one dispatch, when it is due.

    `sequence` is contiguous for the subscription.
    """

    dispatch: Dispatch
    sequence: Annotated[int, Field(ge=1)]
    number: Annotated[int, Field(ge=1)] = 1
    due: AwareDatetime


class Queue(Value):
    """The queue of one subscription: what is on its way, and what waits behind it.

    `gone`: the destination said that it wants nothing more, and a person must look.
    """

    sequence: Annotated[int, Field(ge=0)] = 0
    on_its_way: Errand | None = None
    waiting: tuple[Dispatch, ...] = ()
    gone: bool = False
