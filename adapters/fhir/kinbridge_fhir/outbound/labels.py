"""Security labels and priorities of what leaves.

The confidentiality is `R`, and `V` where a record is restricted. `NOPAT` asks every system to
keep it from the patient, the family and carers: it is what GP Connect and GP2GP use for that.
Sources: HL7 Terminology, v3-Confidentiality and v3-ActCode (RefrainPolicy), read 2026; FHIR R4
section 6.1.1, Security Labels; GP Connect, NOPAT security label.
"""

from __future__ import annotations

from typing import Any, Final

from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.vocabulary import Urgency

_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_NOT_TO_THE_PATIENT: Final = {
    "system": _ACT_CODE,
    "code": "NOPAT",
    "display": "no disclosure to patient, family or caregivers without attending provider's"
    " authorization",
}
_RESTRICTED_HANDLING: Final = frozenset({"restricted-record", "disclosure-risk"})

# FHIR R4 RequestPriority.
PRIORITY: Final = {
    Urgency.U1: "stat",
    Urgency.U2: "asap",
    Urgency.U3: "urgent",
    Urgency.U4: "routine",
}


def of_alert(alert: TeamAlert) -> list[dict[str, Any]]:
    """Give the labels of a whole alert: as close as its closest item."""
    content = alert.content
    very = content is None or any(_restricted(item.concern) for item in content.items)
    return _labels(very=very)


def of_concern(concern: Concern) -> list[dict[str, Any]]:
    return _labels(very=_restricted(concern))


def _restricted(concern: Concern) -> bool:
    marked = not _RESTRICTED_HANDLING.isdisjoint(concern.handling)
    return marked or concern.whom.restriction != "none"


def _labels(*, very: bool) -> list[dict[str, Any]]:
    word = "very restricted" if very else "restricted"
    closeness = {"system": _CONFIDENTIALITY, "code": "V" if very else "R", "display": word}
    return [closeness, _NOT_TO_THE_PATIENT]
