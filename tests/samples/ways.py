"""By which way each official sample goes in. The first line that fits a file counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from kinbridge_schemas.retrieval import ANSWER
from tests.adapters.fhir.messages import MOTHER
from tests.adapters.fhir.pds import answered
from tests.samples.table import NotCarried, Way

FHIR: Final = "http://hl7.org/fhir"
XML: Final = "application/fhir+xml"
JSON: Final = "application/fhir+json"
HL7: Final = "application/hl7-v2"

_DECLARATION: Final = re.compile(rb"<\?xml[^>]*\?>")


def in_a_message(event: str, *resources: bytes) -> bytes:
    """Put bare R4 resources into a message Bundle, in the order given."""
    entries = "".join(_entry(resource) for resource in resources)
    header = (
        '<entry><resource><MessageHeader><id value="wrapped"/><eventCoding>'
        '<system value="http://terminology.hl7.org/CodeSystem/v2-0003"/>'
        f'<code value="{event}"/></eventCoding></MessageHeader></resource></entry>'
    )
    return (
        f'<Bundle xmlns="{FHIR}"><id value="wrapped"/><type value="message"/>'
        f'<timestamp value="2026-03-02T10:15:00Z"/>{header}{entries}</Bundle>'
    ).encode()


def _entry(resource: bytes) -> str:
    root = etree.fromstring(resource)
    own = root.find(f"{{{FHIR}}}id")
    assert own is not None
    kind = etree.QName(root).localname
    inner = _DECLARATION.sub(b"", resource).decode("utf-8-sig")
    return (
        f'<entry><fullUrl value="{kind}/{own.get("value")}"/><resource>{inner}</resource></entry>'
    )


def message_of(event: str) -> Callable[[bytes], bytes]:
    """Wrap one bare resource as a hospital's engine would send it."""
    return lambda resource: in_a_message(event, resource)


def as_record(content: bytes) -> bytes:
    """Answer the question about a person with their record, or with the one that was found."""
    body = json.loads(content)
    record = body["entry"][0]["resource"] if body["resourceType"] == "Bundle" else body
    return answered(record, record["id"], version=0)


def as_superseded(content: bytes) -> bytes:
    """Answer with the record of another number, as for one that was merged."""
    return answered(json.loads(content)["entry"][0]["resource"], version=0)


def as_relatives(content: bytes) -> bytes:
    return answered(content, MOTHER, step="related-persons", version=0)


def as_none_held(content: bytes) -> bytes:
    """Answer that there is no record, in the words of the sample."""
    return answered(content, end="no-record", status=404, version=0)


WAYS: Final[tuple[Way | NotCarried, ...]] = (
    Way("nems-stu3/*.xml", "fhir-message", XML),
    Way("bars-r4-simplifier/*.xml", "fhir-message", XML),
    Way("ukcore-r4/*-Appointment-*.xml", "fhir-message", XML, message_of("S12")),
    Way("ukcore-r4/*-Encounter-*.xml", "fhir-message", XML, message_of("A03")),
    # Whatever else an engine may put into a message of an admission.
    Way("ukcore-r4/*.xml", "fhir-message", XML, message_of("A01")),
    NotCarried("mns-r4-signals/*.schema.json", "the schema of a signal, none itself"),
    Way("mns-r4-signals/*.json", "mns-signal", JSON),
    NotCarried("pds-r4/coverageResponses/*.json", "the answer to a question never asked"),
    Way("pds-r4/relatedPersonResponses/*.json", "pds-related-persons", ANSWER, as_relatives),
    Way("pds-r4/errorResponses/*.json", "pds-patient", ANSWER, as_none_held),
    Way("pds-r4/searchResponses/*_superseded_*.json", "pds-patient", ANSWER, as_superseded),
    Way("pds-r4/*.json", "pds-patient", ANSWER, as_record),
    Way("hl7v2-adt/*.hl7", "hl7v2", HL7),
    NotCarried(
        "subscriptions-backport-r4/Subscription_*.json", "a request of ours, not an answer"
    ),
    NotCarried("subscriptions-backport-r4/subscription_resource*.json", "a request of ours"),
    NotCarried("subscriptions-backport-r4/capability*.json", "what a server can do, no event"),
    Way("subscriptions-backport-r4/*.json", "fhir-notification", JSON),
    NotCarried("dfe-sui/*", "another system's own format, met at no source of ours"),
)
