"""What sending remembers of a subscription, and what its agent is given to do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from kinbridge_schemas.alerts import AlertId, Dispatch
from kinbridge_schemas.base import Value

Sequence = Annotated[int, Field(ge=0)]


class Errand(Value):
    """One attempt to deliver one dispatch, when it is due.

    `sequence` is contiguous for the subscription; `previous` is that of the last one that
    arrived, by which a receiver sees what was given up in between. `not_before` is what the
    destination asked for when it was last tried.
    """

    dispatch: Dispatch
    sequence: Annotated[int, Field(ge=1)]
    previous: Sequence = 0
    number: Annotated[int, Field(ge=1)] = 1
    due: AwareDatetime
    not_before: AwareDatetime | None = None


class Settled(Value):
    """The revisions of an alert that have reached their end: none of them is sent again."""

    alert: AlertId
    revisions: tuple[int, ...]
    said: AwareDatetime


class Queue(Value):
    """The queue of one subscription: what is on its way, and what waits behind it.

    `sequence` is the last number given, `arrived` the last that was delivered. `gone`: the
    destination said that it wants nothing more. A person must look; it starts anew under
    another name of the subscription.
    """

    sequence: Sequence = 0
    arrived: Sequence = 0
    on_its_way: Errand | None = None
    waiting: tuple[Dispatch, ...] = ()
    settled: tuple[Settled, ...] = ()
    gone: bool = False
