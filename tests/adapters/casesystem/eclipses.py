"""Notifications of Eclipse, as the door hands them on, and the table of an authority."""

from __future__ import annotations

import json
from typing import Any, Final

from kinbridge_casesystem import Eclipse
from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Mapped
from kinbridge_schemas.received import Received
from tests.adapters.mapping import NOW, PSEUDONYMS

NUMBER: Final = "9000000033"
SOURCE: Final = "209.example"
LATER: Final = "2026-03-02T10:00:00Z"

TABLE: Final = EclipseTable.model_validate(
    {
        "subscriptions": {"77": "Person_UPDATE"},
        "classifications": {
            "CHILD.CP.NEGLECT": {"gives": "cp-plan", "category": "NEG"},
            "CHILD.LAC.*": {"gives": "looked-after", "legal_status": "V2"},
            "CHILD.CIN": {"gives": "cin-plan"},
            "CHILD.S47": {"gives": "s47"},
            "CHILD.ADOPTION": {"gives": "adoption"},
        },
        "forms": {
            "Pre-birth assessment*": {"gives": "assessment", "of_kind": "pre-birth"},
            "Strategy discussion": {"gives": "strategy-discussion"},
            "S47 enquiry": {"gives": "s47"},
            "Contact": {"gives": "contact"},
            "Referral": {"gives": "referral"},
        },
        "relationships": {
            "ParentChild": {"a": "parent", "b": "child"},
            "Siblings": {"a": "sibling", "b": "sibling"},
        },
        "workers": {
            "allocated_worker": "allocated_social_worker",
            "lead_professional": "family_help_lead_practitioner",
        },
        "teams": {"412": "east-central"},
        "end_reasons": {"ADOPTED": "E11"},
    }
)


def a_person(**changes: Any) -> dict[str, Any]:
    """Give a child of six, unless it is told otherwise."""
    return {
        "id": "E100",
        "forename": "Ada",
        "surname": "Example",
        "nhsNumber": NUMBER,
        "lifeState": "ALIVE",
        "dateOfBirth": {"lower": "2019-09-01", "upper": "2019-09-01"},
        **changes,
    }


def a_mother(**changes: Any) -> dict[str, Any]:
    born = {"lower": "1994-05-05", "upper": "1994-05-05"}
    rosa = {"id": "E200", "forename": "Rosa", "gender": "FEMALE", "nhsNumber": "9000000009"}
    return a_person(**{**rosa, "dateOfBirth": born, **changes})


def delivered(
    kind: str | None,
    resource: dict[str, Any] | None,
    *,
    at: str = "2026-03-02T09:15:00Z",
    subscription: str = "12",
    **body: Any,
) -> bytes:
    """Give the record of one delivery."""
    said = {"type": kind, "resource": resource, **body}
    olm = {"deliveryId": "D-1", "eventTime": at, "groupId": "3", "subscriptionId": subscription}
    told = {name: value for name, value in said.items() if value is not None}
    return json.dumps({"olm": olm, "body": told}).encode()


def mapped(
    content: bytes, table: EclipseTable = TABLE, pseudonymiser: Pseudonymiser = PSEUDONYMS
) -> Mapped:
    """Map a record with the words of a table."""
    received = Received(
        id="received-0123456789abcdef",
        content=content,
        content_type="application/json",
        source=SOURCE,
        route="eclipse",
    )
    return Eclipse({SOURCE: table})(received, Given(pseudonymiser, NOW))


def told(found: Mapped) -> list[tuple[str, str]]:
    """Give the kinds of what is told, and whether it is said or taken back."""
    return [(event.detail.kind, event.act) for event in found.events]


def one(found: Mapped, kind: str) -> ChildEvent:
    """Give the only event of a kind."""
    (event,) = [event for event in found.events if event.detail.kind == kind]
    return event


def reasons(found: Mapped) -> set[str]:
    """Give why something of a record went no further."""
    return {end.reason for end in found.ends}


def unborn(**changes: Any) -> dict[str, Any]:
    """Give a child who is not born."""
    fields = {"dateOfBirth": None, "dueDate": "2026-06-20", "lifeState": "UNBORN", **changes}
    return a_person(**fields)


def related(kind: str = "ADD", **changes: Any) -> Mapped:
    """Map a relationship of a mother, role A, to her child, role B."""
    resource = {
        "id": "R1",
        "relationshipKind": "Familial",
        "relationshipType": {"class": "ParentChild"},
        "roleAPerson": a_mother(),
        "roleBPerson": a_person(),
        "startDate": "2019-09-01",
        **changes,
    }
    return mapped(delivered(f"PersonPersonRelationship_{kind}", resource, at=LATER))


def assigned(path: str, kind: str = "ADD", **changes: Any) -> Mapped:
    """Map a classification that a child has."""
    resource = {
        "id": "C1",
        "person": a_person(),
        "classification": {"path": path},
        "startDateTime": "2026-02-27T14:00:00Z",
        **changes,
    }
    return mapped(delivered(f"PersonClassification_{kind}", resource))


def a_form(name: str, kind: str = "COMPLETE", **changes: Any) -> Mapped:
    """Map a form about a child."""
    resource = {
        "id": "F1",
        "name": name,
        "dateStarted": "2026-02-20T09:00:00Z",
        "dateCompleted": "2026-02-27T09:00:00Z",
        "formInstanceSubject": {"__typename": "Person", **a_person()},
        **changes,
    }
    return mapped(delivered(f"FormInstance_{kind}", resource))
