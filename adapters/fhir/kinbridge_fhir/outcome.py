"""OperationOutcome: how a refusal is said to a FHIR sender."""

from __future__ import annotations

from typing import Final

import orjson

MEDIA_TYPE: Final = "application/fhir+json"

# FHIR R4 IssueType by HTTP status.
_ISSUE_TYPES: Final = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    503: "transient",
}


def operation_outcome(status: int, reason: str, text: str, path: str = "") -> bytes:
    """Give an OperationOutcome as JSON. `reason` is a code of ours; no value of the input."""
    issue: dict[str, object] = {
        "severity": "error",
        "code": _ISSUE_TYPES.get(status, "exception"),
        "details": {"coding": [{"code": reason}], "text": text},
    }
    if path:
        issue["expression"] = [path]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
