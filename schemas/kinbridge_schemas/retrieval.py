"""What is asked of another system, how each attempt ended, and the answer as mapping gets it.

A stage never asks anybody: it writes a `Retrieval`. The stage retrieval asks, one destination
at a time, and what came of it enters the line as received bytes, like anything else.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import AwareDatetime, Base64Bytes, Field, ValidationError

from kinbridge_schemas.base import Code, Contract, Id, Value, derive_id
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef, NhsNumber, SubjectKey
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import DisclosureTier, Role

PDS: Final = "pds"
"""The Personal Demographics Service: a destination, and the source of what it answers."""

ANSWER: Final = "application/vnd.kinbridge.answer"
"""The media type of received bytes that are an answer: see `framed`."""

Step = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]
"""One request of a retrieval, as `patient`, `related-persons` or `appointments`."""


class DemographicsWanted(Value):
    """What PDS holds of a person. `related` asks for its related persons too."""

    what: Literal["demographics"] = "demographics"
    related: bool = False


class CareWanted(Value):
    """A person's recent care, searched on a FHIR server, as far as the tier allows.

    `basis` is the code of the lawful basis that the partnership's policy gives for asking.
    """

    what: Literal["care"] = "care"
    kinds: Annotated[tuple[Literal["Appointment", "Encounter"], ...], Field(min_length=1)]
    since: AwareDatetime
    until: AwareDatetime
    tier: DisclosureTier
    basis: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,6}$")]


Wanted = Annotated[DemographicsWanted | CareWanted, Field(discriminator="what")]


class Retrieval(Contract):
    """One question about one person to one destination.

    `destination` is the key of the topic: `pds`, or the name of a FHIR server in the file of
    sources. `person` is the keyed pseudonym of the number, by which repeats are told. `relation`
    is who the person is to the child, `child` is given where the question is for one child.
    `calls_back` names a question that is not to be asked any more, if it still waits: then
    nothing is asked.
    """

    contract: ClassVar[str] = "Retrieval/v1"

    destination: Code
    wanted: Wanted
    nhs_number: NhsNumber
    person: SubjectKey
    relation: Role
    child: ChildRef | None = None
    authority: AuthorityCode | None = None
    why: Code
    asked: AwareDatetime
    calls_back: Id | None = None


def retrieval_id(destination: Code, person: SubjectKey, what: str, why: Code, cause: str) -> Id:
    """Give the id of a question. `cause` is the id of what led to it, as of an event."""
    return derive_id("retrieval", destination, person, what, why, cause)


class Retrieved(Contract):
    """How one attempt at one step of a retrieval ended. Only the stage retrieval reads it.

    `status` is 0 where there was no answer over HTTP. `version` is the source's version of what
    it answered (the number in an ETag), `after_seconds` its wish not to be asked before.
    """

    contract: ClassVar[str] = "Retrieved/v1"

    destination: Code
    retrieval: Id
    step: Step
    number: Annotated[int, Field(ge=1)]
    outcome: Literal["answered", "no-record", "try-later", "refused"]
    reason: Code
    status: Annotated[int, Field(ge=0, le=599)] = 0
    version: Annotated[int, Field(ge=0)] = 0
    after_seconds: Annotated[int, Field(ge=0)] | None = None
    attempted: AwareDatetime
    content_type: Annotated[str, Field(max_length=200)] = ""
    content: Annotated[Base64Bytes, Field(repr=False)] = b""


class Answer(Value):
    """What stands before the bytes of an answer: who was asked about, for whom, and its end.

    `answered`: the bytes are what the source said. `no-record`: it says that it holds none, and
    the bytes say why. `no-answer`: it was asked until the time was up, or refused; there are no
    bytes, and `reason` says how the last attempt ended.
    """

    retrieval: Id
    destination: Code
    step: Step
    wanted: Wanted
    nhs_number: NhsNumber
    person: SubjectKey
    relation: Role
    child: ChildRef | None = None
    authority: AuthorityCode | None = None
    why: Code
    end: Literal["answered", "no-record", "no-answer"]
    reason: Code
    status: int = 0
    version: int = 0
    content_type: str = ""


def framed(answer: Answer, content: bytes) -> bytes:
    """Give the received bytes of an answer: one line of JSON, then the source's own bytes."""
    return answer.__pydantic_serializer__.to_json(answer) + b"\n" + content


def unframed(received: bytes) -> tuple[Answer, bytes]:
    """Read what `framed` gave. Raises UnreadableError for anything else."""
    head, _, content = received.partition(b"\n")
    try:
        return Answer.model_validate_json(head), content
    except ValidationError:
        raise UnreadableError("answer-frame-invalid", "answer") from None
