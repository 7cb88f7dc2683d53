"""How the door answers: a receipt, a problem, or an OperationOutcome to a FHIR sender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Response
from pydantic import Field

from kinbridge.intake.decide import Accepted, Refused
from kinbridge.intake.keys import Door
from kinbridge_fhir import outcome
from kinbridge_schemas.base import Value

PROBLEM: Final = "application/problem+json"
_OF_FHIR: Final[frozenset[Door]] = frozenset({"nhs", "subscriptions"})
RECEIPT_HEADER: Final = "X-Receipt-Id"
RETRY_AFTER: Final = {"Retry-After": "2"}


class Receipt(Value):
    """What was accepted, and is durable. The same body gives the same id."""

    id: Annotated[str, Field(examples=["received-5f1c0f7be0f34d7a9c0e7c9a2f0b1d3e"])]
    records: Annotated[int, Field(ge=1, examples=[1])]


class Problem(Value):
    """A refusal, after RFC 9457. `reason` is a code and `path` a field; never a value."""

    type: str
    title: str
    status: int
    reason: str
    path: str = ""


def accepted(found: Accepted, door: Door) -> Response:
    receipt = Receipt(id=found.id, records=len(found.entries))
    if found.document is not None:
        told = {RECEIPT_HEADER: receipt.id}
        return Response(found.document.content, 202, told, found.document.media_type)
    # Some FHIR servers take nothing but 200 for success, least of all for a handshake.
    status = 200 if door == "subscriptions" else 202
    return Response(receipt.model_dump_json(), status, media_type="application/json")


def refused(
    found: Refused, door: Door | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Say no. A FHIR sender reads an OperationOutcome, everybody else a problem."""
    if door in _OF_FHIR:
        content = outcome.operation_outcome(found.status, found.reason, found.text, found.path)
        return Response(
            content, found.status, headers=dict(headers or {}), media_type=outcome.MEDIA_TYPE
        )
    problem = Problem(
        type=f"urn:kinbridge:problem:{found.reason}",
        title=found.text,
        status=found.status,
        reason=found.reason,
        path=found.path,
    )
    return Response(
        problem.model_dump_json(exclude_defaults=True),
        found.status,
        headers=dict(headers or {}),
        media_type=PROBLEM,
    )
