"""A request to health for information as a Task, and another Task when it is at its end.

A receiver works on the Task that it was given, so that is never written over. What ends the
request is a Task of its own, part of the first: completed where health has answered, cancelled
where nothing is asked any more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fhir.resources.R4B.task import Task

from kinbridge_fhir.outbound import labels
from kinbridge_fhir.outbound.resource import (
    ALERT,
    ASKED,
    REASON,
    REQUEST,
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
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.concerns import Concern

_PROFILE: Final = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Task"
_STATUS: Final = {"active": "requested", "ended": "completed", "withdrawn": "cancelled"}


def tasks(alert: TeamAlert, *, said: datetime) -> tuple[Outgoing, ...]:
    """Give a Task for each request of the alert; none where it may not be shown."""
    if alert.content is None:
        return ()
    asking = ((i.concern, i.concern.asked.request_id) for i in alert.content.items)
    return tuple(_task(alert, c, request, said) for c, request in asking if request is not None)


def _task(alert: TeamAlert, concern: Concern, request: str, said: datetime) -> Outgoing:
    status = _STATUS[concern.status]
    name = request if concern.status == "active" else f"{request}.{status}"
    asked = concern.asked
    found: dict[str, Any] = {
        "meta": {"profile": [_PROFILE], "security": labels.of_concern(concern)},
        "identifier": [identifier(REQUEST, name)],
        "groupIdentifier": identifier(ALERT, alert.alert),
        "status": status,
        "intent": "order",
        "priority": labels.PRIORITY[concern.urgency],
        "code": concept(ASKED, asked.what),
        "description": asked.sentence,
        "focus": to("Communication", REVISION, revision_name(alert.alert, alert.revision)),
        "for": patient(concern.whom),
        "authoredOn": said,
        "requester": authority(alert.authority),
        "owner": role(asked.owner),
    }
    if asked.by is not None:
        found["restriction"] = {"period": {"end": asked.by}}
    if name != request:
        found["partOf"] = [to("Task", REQUEST, request)]
    if concern.withdrawn is not None:
        found["statusReason"] = concept(REASON, concern.withdrawn)
    resource = Task.model_validate(found)
    return Outgoing("Task", REQUEST, name, resource.model_dump_json().encode())
