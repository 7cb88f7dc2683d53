"""What could not be read, kept whole for a person to look at."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Base64Bytes, Field

from kinbridge_schemas.base import Code, Contract


class DeadLetter(Contract):
    """One record that a stage can never read, with its bytes and headers untouched.

    `reason` is a code and `path` a field, never a value. `offset` is -1 for an output that was
    refused before it was sent. The bytes are the most sensitive thing here: see retention.
    """

    contract: ClassVar[str] = "DeadLetter/v1"

    stage: Code
    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: int
    record: str
    reason: Code
    path: Annotated[str, Field(max_length=200)] = ""
    source: str = ""
    content_type: str = ""
    recorded: AwareDatetime
    headers: dict[str, Base64Bytes] = Field(default_factory=dict)
    content: Base64Bytes
