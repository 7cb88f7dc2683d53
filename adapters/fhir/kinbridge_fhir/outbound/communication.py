"""One revision of an alert as a Communication.

Each revision is a resource of its own and is whole; it says which one it follows. It has no
narrative: what a person reads stands in the payload, line by line, without names, numbers and
places. Of a restricted family it says that there is an alert, which one and how urgent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fhir.resources.R4B.communication import Communication

from kinbridge_fhir.outbound import labels
from kinbridge_fhir.outbound.resource import (
    ALERT,
    REASON,
    REVISION,
    Outgoing,
    authority,
    concept,
    identifier,
    patient,
    revision_name,
    role,
    to,
)
from kinbridge_schemas.alerts import AlertRevision, TeamAlert

_PROFILE: Final = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Communication"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/communication-category"


def communication(alert: TeamAlert, lines: Sequence[str], *, said: datetime) -> Outgoing:
    """Give the Communication of a revision.

    `lines` are what its reader is told, one payload each: they must hold nothing that
    identifies anybody. `said` is when the revision was decided.
    """
    name = revision_name(alert.alert, alert.revision)
    found: dict[str, Any] = {
        "meta": {"profile": [_PROFILE], "security": labels.of_alert(alert)},
        "identifier": [identifier(REVISION, name), identifier(ALERT, alert.alert)],
        "status": "completed",
        "category": [concept(_CATEGORY, "alert")],
        "priority": labels.PRIORITY[alert.urgency],
        "sent": said,
    }
    if alert.revision > 1:
        before = revision_name(alert.alert, alert.revision - 1)
        found["inResponseTo"] = [to("Communication", REVISION, before)]
    if alert.content is not None:
        found |= _content(alert, alert.content, lines)
    resource = Communication.model_validate(found)
    return Outgoing("Communication", REVISION, name, resource.model_dump_json().encode())


def _content(alert: TeamAlert, content: AlertRevision, lines: Sequence[str]) -> dict[str, Any]:
    children = {item.concern.child: patient(item.concern.whom) for item in content.items}
    # A Communication has one subject; of brothers and sisters none is more so than the other.
    about = [*children.values()]
    whom: dict[str, Any] = {"subject": about[0]} if len(about) == 1 else {"about": about}
    return {
        **whom,
        "sender": authority(alert.authority),
        "recipient": [role(content.owner)],
        "reasonCode": [concept(REASON, alert.reason.value)],
        "payload": [{"contentString": line} for line in lines if line.strip()],
    }
