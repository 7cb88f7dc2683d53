"""What health answered, and facts that take an alarm back."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.vocabulary import InputStatus, Open, Provider, RoleCode, StaffRef


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
