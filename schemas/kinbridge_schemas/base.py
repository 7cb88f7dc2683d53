"""What every contract has in common, and how ids are derived from content."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=80)]
"""A kebab- or snake-case code: safe in a log, a metric and a test name."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{2,120}$")]
"""An opaque id derived from content; see `derive_id`."""

ShortText = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class Value(BaseModel):
    """A frozen, closed value. Errors name the field and never show the input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Contract(Value):
    """A value that travels on a topic. `contract` is its published name and version."""

    contract: ClassVar[str]

    id: Id


def derive_id(kind: str, *parts: str) -> str:
    """Give the id of a thing from what it is, so that a repeat has the same id.

    `kind` is a short word that opens the id; `parts` are length-prefixed before hashing, so
    that ("ab", "c") and ("a", "bc") differ. 128 bits of BLAKE2b: collisions are not a concern.
    The result is not secret: never derive an id from an identifier of a person, only from
    keyed pseudonyms and other ids.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return f"{kind}-{digest.hexdigest()}"
