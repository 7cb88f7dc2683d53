"""What health answered, and facts that take an alarm back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.vocabulary import (
    InputStatus,
    Open,
    Provider,
    Role,
    RoleCode,
    StaffRef,
)


class VerifiedFact(Open):
    """What was established, in kinds. A pregnancy that ended is used and never said."""

    ATTENDED_ELSEWHERE = "attended-elsewhere"
    CARE_TRANSFERRED = "care-transferred"
    PROVIDER_ERROR = "provider-error"
    ADMITTED_THAT_DAY = "admitted-that-day"
    PREGNANCY_ENDED = "pregnancy-ended"
    WRONG_PERSON = "wrong-person"
    UNKNOWN = "unknown"


class HealthResponseSupplied(Value):
    """Health answered a request, or said that it cannot."""

    kind: Literal["health_response_supplied"] = "health_response_supplied"
    request_id: Id
    role: RoleCode
    status: InputStatus


class HealthFactVerified(Value):
    """A named health professional established a fact that corrects earlier ones.

    `corrects` are fact ids; `as_of` when it was true; `how` the pathway by which it was found.
    """

    kind: Literal["health_fact_verified"] = "health_fact_verified"
    fact: VerifiedFact
    corrects: tuple[Id, ...]
    verified_by: StaffRef
    role: RoleCode
    how: Code
    as_of: AwareDatetime
    provider: Provider = Provider()
    last_attended: AwareDatetime | None = None


class ConsultationNote(Value):
    """That a health role advised about a child. No text travels."""

    kind: Literal["consultation_note"] = "consultation_note"
    role: RoleCode
    advised: StaffRef


class CareRetrieved(Value):
    """What came of asking a provider's records for the care of a child or of its mother.

    The care itself comes as events of its own; this says that it was asked for, where, since
    when and with what end, so that silence is never taken for nothing. `of` is whose care.
    `count` is None where it was only asked whether there is anything, or nobody answered.
    `complete` is false where there was more than is taken.
    """

    kind: Literal["care_retrieved"] = "care_retrieved"
    retrieval: Id
    server: Code
    asked_for: Literal["appointments", "encounters"]
    of: Role
    why: Code
    status: InputStatus
    since: AwareDatetime
    count: Annotated[int, Field(ge=0)] | None = None
    complete: bool = True
