"""Addresses of code systems and identifiers: every spelling seen, and the one used here.

Seen in official samples: lower-case `/id/`, the older host fhir.nhs.net, and three addresses of
the verification status (CareConnect STU3, UK Core, UK Core England). So all comparing is done
on a normal form, made by one table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
ODS: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
ODS_SITE: Final = "https://fhir.nhs.uk/Id/ods-site-code"
SNOMED: Final = "http://snomed.info/sct"
VERIFICATION: Final = "nhs-number-verification-status"
SPECIALTY: Final = "nhs-specialty"
ADMISSION_METHOD: Final = "admission-method"
ACT_CODE: Final = "v3-act-code"
CONFIDENTIALITY: Final = "v3-confidentiality"
CANCELLATION: Final = "appointment-cancellation-reason"
TRIGGER: Final = "hl7-trigger-event"
FILLER_STATUS: Final = "hl7-filler-status"
READ_V2: Final = "read-v2"
FLAG_CATEGORY: Final = "flag-category"
PATIENT_FLAG: Final = "england-flag-category-patient"
BARS_FLAG_CATEGORY: Final = "bars-flag-category"
BARS_SAFEGUARDING: Final = "bars-safeguarding"
ROLE_CODE: Final = "v3-role-code"
UK_ROLE: Final = "uk-additional-person-role"
NEMS_EVENT: Final = "nems-event"
BARS_EVENT: Final = "bars-event"
BARS_REASON: Final = "bars-reason"
RECORD_HEADING: Final = "record-standard-heading"

_UK: Final = "https://fhir.hl7.org.uk"
_NHS: Final = "https://fhir.nhs.uk"
_HL7: Final = "http://terminology.hl7.org/codesystem"

_SAME: Final = {
    "http://fhir.nhs.net/id/nhs-number": NHS_NUMBER,
    f"{_NHS}/id/nhs-number": NHS_NUMBER,
    "http://fhir.nhs.uk/id/nhs-number": NHS_NUMBER,
    f"{_NHS}/id/ods-organization-code": ODS,
    "http://fhir.nhs.net/id/ods-organization-code": ODS,
    "http://fhir.nhs.uk/id/ods-organization-code": ODS,
    f"{_NHS}/id/ods-site-code": ODS_SITE,
    "http://fhir.nhs.uk/id/ods-site-code": ODS_SITE,
    SNOMED: SNOMED,
    f"{_UK}/stu3/careconnect-nhsnumberverificationstatus-1": VERIFICATION,
    f"{_UK}/stu3/codesystem/careconnect-nhsnumberverificationstatus-1": VERIFICATION,
    f"{_UK}/codesystem/ukcore-nhsnumberverificationstatus": VERIFICATION,
    f"{_UK}/codesystem/ukcore-nhsnumberverificationstatusengland": VERIFICATION,
    f"{_UK}/codesystem/ukcore-practicesettingcode": SPECIALTY,
    f"{_NHS}/codesystem/nhsdatamodelanddictionary-treatment-function": SPECIALTY,
    f"{_NHS}/codesystem/nhsdatamodelanddictionary-clinical-specialty": SPECIALTY,
    f"{_UK}/codesystem/ukcore-admissionmethodengland": ADMISSION_METHOD,
    f"{_HL7}/v3-actcode": ACT_CODE,
    "http://hl7.org/fhir/v3/actcode": ACT_CODE,
    f"{_HL7}/v3-confidentiality": CONFIDENTIALITY,
    "http://hl7.org/fhir/v3/confidentiality": CONFIDENTIALITY,
    f"{_HL7}/appointment-cancellation-reason": CANCELLATION,
    f"{_HL7}/v2-0003": TRIGGER,
    "http://hl7.org/fhir/v2/0003": TRIGGER,
    f"{_HL7}/v2-0278": FILLER_STATUS,
    "http://hl7.org/fhir/v2/0278": FILLER_STATUS,
    "http://read.info/readv2": READ_V2,
    f"{_HL7}/flag-category": FLAG_CATEGORY,
    f"{_NHS}/england/codesystem/england-flagcategorypatient": PATIENT_FLAG,
    f"{_NHS}/codesystem/flag-categories-bars": BARS_FLAG_CATEGORY,
    f"{_NHS}/codesystem/safeguarding-codes-bars": BARS_SAFEGUARDING,
    f"{_HL7}/v3-rolecode": ROLE_CODE,
    "http://hl7.org/fhir/v3/rolecode": ROLE_CODE,
    f"{_UK}/codesystem/ukcore-additionalpersonrelationshiprole": UK_ROLE,
    f"{_NHS}/r4/codesystem/ukcore-additionalrelatedpersonrole": UK_ROLE,
    f"{_NHS}/stu3/codesystem/eventtype-1": NEMS_EVENT,
    # The address of a value set, where an official sample means the system of its codes.
    f"{_NHS}/stu3/valueset/dch-bloodspotoutcome-1": SNOMED,
    f"{_NHS}/codesystem/message-events-bars": BARS_EVENT,
    f"{_NHS}/codesystem/message-reason-bars": BARS_REASON,
    # Before BaRS 1.0 the same codes had these addresses, and its own examples still do.
    f"{_NHS}/codesystem/message-event-servicerequest": BARS_EVENT,
    f"{_NHS}/codesystem/message-reason-servicerequest": BARS_REASON,
    f"{_NHS}/codesystem/recordstandardheadings": RECORD_HEADING,
}


@lru_cache(maxsize=512)
def normal(system: str | None) -> str:
    """Give the normal form of an address; one that nobody listed stays as it is."""
    if system is None:
        return ""
    return _SAME.get(system.strip().rstrip("/").lower(), system)
