"""What the doors say of themselves in OpenAPI, with examples. Numbers are of the test range."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from kinbridge.intake.decide import Answered
from kinbridge.intake.files.receipt import SUFFIXES, LoadReceipt
from kinbridge.intake.keys import Door
from kinbridge.intake.replies import PROBLEM, Problem, Receipt
from kinbridge_casesystem.dfe_model import ToldChild
from kinbridge_casesystem.webhook_model import SentEvent

ABOUT: Final = """\
Receives what NHS systems, case systems and people send. A `202` is given only after the records
are stored by every replica, so that nothing acknowledged is lost; anything else, and no answer,
means: send it again. Sending the same body twice is harmless. No answer, header or log holds an
identifier of a person.

Every request needs a key in the header `X-API-Key`; a notification of a FHIR subscription shows
that subscription's secret instead, and is answered `200`. Bodies are at most 5 MB, in UTF-8, and
not compressed. `429` and `503` carry `Retry-After`.
"""

SUMMARIES: Final[dict[Door, str]] = {
    "nhs": "Send a FHIR message.",
    "events": "Send events of a case system.",
    "children": "Send children as the DfE Children's Social Care API has them.",
    "meetings": "Say what happened to a meeting.",
    "files": "Send files of a case system.",
    "responses": "Answer an alert.",
    "subscriptions": "Notify of a FHIR subscription.",
    "records": "Send a record to an adapter of another package.",
    "eclipse": "Notify of a change in OLM Eclipse.",
}

DESCRIPTIONS: Final[dict[Door, str]] = {
    "nhs": """\
A `Bundle` of type `message`, FHIR R4 or STU3, JSON or XML. Say the version with the media type's
parameter `fhirVersion` (`4.0` or `3.0`) where you can. What is understood: the NEMS event
`pds-birth-notification-1`, and `Appointment` and `Encounter` in messages whose event is of HL7 v2
table 0003 (ADT and SIU trigger events) or of BaRS. Everything else is accepted and ends with a
stated reason.
""",
    "events": """\
One event, or an array of at most 100. `system` is the name your key is for, and `authority` the
authority it belongs to. Ids are your own. Send an event again with a higher `version` to correct
it, and with `retract` to take it back. `people` are told to be related to the child.
""",
    "children": """\
The body of `POST /children_social_care_data/{la_code}/children`, version 1.0.1: an array of at
most 100 children, full or delta. Each child is compared with what was sent of it before. What is
left out says nothing; `purge` removes.
""",
    "meetings": """\
One command about one meeting. `id` is your own id of the command: sent again it is taken once,
and with other content it is parked. `meeting` is your own name of the meeting, the same
throughout; put nothing of a person into it. Whether a command fits the meeting as it stands is
judged after the `202`, where all commands of the meeting come one after the other: one that does
not fit ends as `parked-conflict` with its reason, and changes nothing.
""",
    "files": """\
One file, or a `.zip` of files that belong together, as the body itself, up to 500 MB. `kind` is
`cin-census`, `ssda903`, `annex-a`, or `case-extract` where the file of sources has a mapping file
for the system. Name the file in `Content-Disposition: attachment; filename="..."`; the media type
is `text/csv`, `application/xml`, that of a workbook, `application/zip` or
`application/octet-stream`. It is taken whole or not at all; the answer holds its data-quality
report, without a value or a child in it.
""",
    "responses": """\
An acknowledgement, a snooze, feedback, health input, a verified fact, or a close. `at` is when the
person answered; the same answer sent again carries the same `at`.
""",
    "subscriptions": """\
For the FHIR servers on which Kinbridge subscribes, and nobody else: `name` is the subscription's,
and the header `Authorization` holds the secret that was given to the server with it, as `Bearer`.
The body is a notification: a `Bundle` of type `history` (R4 with the backport guide, R4B) or
`subscription-notification` (R5), JSON or XML. A handshake and a heartbeat are answered like any
other. No key is needed here.
""",
    "records": """\
One record, as it is, for the adapter that the path names: it runs where the file of sources names
it, and takes records of the keys that name it. The header `Kinbridge-Record` says which record it
is, by your own id, the same for every account of it. Nothing else of it is read here.
""",
    "eclipse": """\
For an Eclipse that the file of sources names, and nobody else: `system` is its name there. The
headers `olm.notification.*` say which delivery it is and sign it; Eclipse is asked whether the
signature is its own, so that its subscription group needs the signing strategy
`SERVER_VERIFICATION`. A delivery that comes again is taken once. No key is needed here.
""",
}

_BIRTH: Final = """\
<Bundle xmlns="http://hl7.org/fhir"><type value="message"/><entry><resource><MessageHeader>
<id value="0f6c5f0e-8d1e-4f0a-9f4e-000000000001"/>…</MessageHeader></resource></entry></Bundle>"""

_EVENT: Final = {
    "id": "E-1001",
    "type": "cp_plan_started",
    "recorded": "2026-03-02T10:15:00Z",
    "occurred": "2026-03-02",
    "authority": "209",
    "child": {"la_child_id": "C100", "unborn": True, "edd": "2026-06-20"},
    "people": [
        {
            "role": "mother",
            "person_id": "P200",
            "nhs_number": "9000000009",
            "name": "Rosa Example",
            "main_carer": True,
        }
    ],
    "data": {"plan_id": "CPP-7", "category": "NEG"},
}

_CHILD: Final = {
    "la_child_id": "C100",
    "child_details": {"surname": "Example", "expected_date_of_birth": "2026-06-20"},
    "social_care_episodes": [
        {
            "social_care_episode_id": "EP1",
            "referral_date": "2026-01-12",
            "referral_source": "3A",
            "child_protection_plans": [
                {"child_protection_plan_id": "CPP-7", "start_date": "2026-03-02"}
            ],
        }
    ],
}

_ANSWER: Final = {
    "by": "staff-417",
    "role": "macpt_health_lead",
    "at": "2026-03-09T11:05:00Z",
    "said": {"answer": "acknowledge"},
}


def request(door: Door) -> dict[str, Any]:
    """Give the request body of a door, for OpenAPI."""
    if door == "files":
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {"requestBody": {"required": True, "content": dict.fromkeys(SUFFIXES, binary)}}
    if door == "records":
        anything = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
        return {"requestBody": {"required": True, "content": anything}}
    if door in ("nhs", "subscriptions"):
        bundle = {"type": "object", "properties": {"resourceType": {"const": "Bundle"}}}
        content: dict[str, Any] = {
            "application/fhir+xml": {"schema": {"type": "string"}},
            "application/fhir+json": {"schema": bundle},
        }
        if door == "nhs":
            content["application/fhir+xml"]["example"] = _BIRTH
    else:
        content = {"application/json": _json(door)}
    return {"requestBody": {"required": True, "content": content}}


def _json(door: Door) -> dict[str, Any]:
    if door == "events":
        event = schema_of(SentEvent)
        return {"schema": {"oneOf": [event, _array(event)]}, "example": _EVENT}
    if door == "children":
        return {"schema": _array(schema_of(ToldChild)), "example": [_CHILD]}
    if door == "eclipse":
        return {"schema": {"type": "object"}}
    return {"schema": schema_of(Answered), "example": _ANSWER}


def responses(door: Door) -> dict[int | str, dict[str, Any]]:
    """Give the answers of a door, for OpenAPI."""
    of_fhir = door in ("nhs", "subscriptions")
    kind = "application/fhir+json" if of_fhir else PROBLEM
    problem = {"type": "object"} if of_fhir else schema_of(Problem)
    said = {
        400: "The body is not well-formed.",
        401: "The key is missing or not known.",
        403: "The key does not open this, or may not speak for this authority.",
        413: "The body is larger than 5 MB.",
        415: "The media type, character set or encoding is not accepted.",
        422: "The body is well-formed, and a needed field is missing or wrong.",
        429: "Too much is being received: send it again after `Retry-After` seconds.",
        503: "It could not be stored: send it again after `Retry-After` seconds.",
    }
    if door == "subscriptions":
        said |= {
            401: "The secret is missing, or not this subscription's.",
            403: "No notification is taken from this network.",
            404: "There is no such subscription.",
        }
    if door == "eclipse":
        said |= {
            401: "A header is missing, or the signature is not Eclipse's.",
            403: "No notification is taken from this network, or of this group.",
            404: "There is no such Eclipse.",
        }
    if door == "files":
        said |= {404: "There is no such kind, or no mapping file.", 413: "It is too large."}
    receipt = LoadReceipt if door == "files" else Receipt
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {kind: {"schema": problem}}}
        for status, text in said.items()
    }
    found[200 if door == "subscriptions" else 202] = {
        "description": "Stored. The same body gives the same id.",
        "content": {"application/json": {"schema": schema_of(receipt)}},
    }
    return found


def _array(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": 100}


@cache
def schema_of(model: type[Any]) -> dict[str, Any]:
    """A schema with everything inside it: OpenAPI has no place for definitions of its own."""
    schema = TypeAdapter(model).json_schema()
    inlined: dict[str, Any] = _inlined(schema, schema.pop("$defs", {}))
    return inlined


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    match node:
        case {"$ref": str() as reference}:
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        case {"discriminator": _, **rest}:
            return _inlined(rest, definitions)
        case dict():
            return {name: _inlined(part, definitions) for name, part in node.items()}
        case list():
            return [_inlined(part, definitions) for part in node]
        case _:
            return node
