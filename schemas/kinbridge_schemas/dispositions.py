"""How each received fact ended: exactly one record for each fact, so that sums can agree."""

from __future__ import annotations

from typing import ClassVar, Literal

from kinbridge_schemas.base import Code, Contract, Id

End = Literal[
    "mapped-and-linked",
    "not-known",
    "superseded",
    "duplicate",
    "parked-conflict",
    "parked-unsupported",
    "parked-unreadable",
    "awaiting-identity",
    "no-fact",
]


class Disposition(Contract):
    """The end of one fact of one message. `fact` equals `message` for a message without facts.

    `not-known` says that the fact concerned nobody with an open case: nothing of it is kept.
    `no-fact` says that it tells of nobody: a heartbeat, or that a system asked gave no answer.
    """

    contract: ClassVar[str] = "Disposition/v1"

    message: Id
    fact: Id
    end: End
    reason: Code
    stage: Code
    source: str
