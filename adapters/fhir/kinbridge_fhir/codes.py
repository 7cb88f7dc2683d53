"""Every code that this adapter understands, with what it means here, its source and its date.

What stands in no table is parked with a reason and never guessed.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from kinbridge_fhir.systems import (
    ACT_CODE,
    BARS_EVENT,
    NEMS_EVENT,
    SNOMED,
    SPECIALTY,
    TRIGGER,
)
from kinbridge_schemas.events.care import PresentationGroup
from kinbridge_schemas.vocabulary import AppointmentStatus, Service

MAPPING_VERSION: Final = "fhir-message-1"
"""Raised whenever a table or a rule of this adapter changes."""


class Reading(Enum):
    """How a message is read, by its event code."""

    BIRTH = "birth"
    RESOURCES = "resources"
    RESOURCES_OF_A_REFERRAL = "resources-of-a-referral"
    NOT_USED = "event-not-used"


# NEMS event types: nhsconnect/Events-Management, 2025-01-30 (Apache-2.0).
# BaRS message events: NHSDigital/booking-and-referral-fhir-api, 2026-05-18 (MIT).
# HL7 v2 table 0003, trigger events (HL7 Terminology 6.1): what a hospital's own engine
# names its messages by when it turns ADT and SIU into FHIR.
EVENTS: Final = {
    (NEMS_EVENT, "pds-birth-notification-1"): Reading.BIRTH,
    **{
        (NEMS_EVENT, code): Reading.NOT_USED
        for code in (
            "pds-change-of-address-1",
            "pds-change-of-gp-1",
            "pds-death-notification-1",
            "pds-record-change-1",
            "professional-contacts-1",
            "vaccinations-1",
            "newborn-hearing-1",
            "nipe-outcome-1",
            "blood-spot-test-outcome-1",
        )
    },
    (BARS_EVENT, "booking-request"): Reading.RESOURCES_OF_A_REFERRAL,
    (BARS_EVENT, "booking-response"): Reading.RESOURCES_OF_A_REFERRAL,
    (BARS_EVENT, "servicerequest-request"): Reading.RESOURCES_OF_A_REFERRAL,
    (BARS_EVENT, "servicerequest-response"): Reading.RESOURCES_OF_A_REFERRAL,
    **{
        (TRIGGER, code): Reading.RESOURCES
        for code in (
            *("A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A13"),
            *("S12", "S13", "S14", "S15", "S17", "S26"),
        )
    },
    **{(TRIGGER, code): Reading.NOT_USED for code in ("A28", "A31", "A34", "A40", "A45", "A47")},
}

# FHIR R4 AppointmentStatus. `cancelled` is told apart by its reason, `noshow` by age.
ATTENDED_STATUSES: Final = frozenset({"arrived", "fulfilled", "checked-in"})
# Nobody has agreed to these yet: there is nothing to attend.
UNAGREED_STATUSES: Final = frozenset({"proposed", "pending", "waitlist"})

# http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason (FHIR R4, 2019-11-01):
# its codes say in their first word who cancelled. The `oth-` codes do not, nor do `maint` and
# `meds-inc`: the appointment is off, and by whom stays unknown.
PATIENT_REASONS: Final = frozenset(
    {
        *("pat", "pat-crs", "pat-cpp", "pat-dec", "pat-fb", "pat-lt"),
        *("pat-mt", "pat-mv", "pat-preg", "pat-swl", "pat-uwp"),
    }
)
PROVIDER_REASONS: Final = frozenset(
    {
        *("prov", "prov-pers", "prov-dch", "prov-edu", "prov-hosp"),
        *("prov-labs", "prov-mroi", "prov-onc"),
    }
)
OTHER_REASONS: Final = frozenset(
    {
        *("maint", "meds-inc", "other", "oth-cms", "oth-err", "oth-fin", "oth-int", "oth-iv"),
        *("oth-mu", "oth-oerr", "oth-room", "oth-swie", "oth-weath"),
    }
)


def cancelled_by(reason: str | None) -> AppointmentStatus:
    if reason in PATIENT_REASONS:
        return AppointmentStatus.CANCELLED_BY_PATIENT
    if reason in PROVIDER_REASONS:
        return AppointmentStatus.CANCELLED_BY_PROVIDER
    return AppointmentStatus.UNKNOWN


KNOWN_REASONS: Final = PATIENT_REASONS | PROVIDER_REASONS | OTHER_REASONS

# NHS Data Dictionary, TREATMENT FUNCTION CODE and MAIN SPECIALTY CODE (read 2026), and SNOMED
# CT (UK edition) for what is done. 560 is the midwifery service; 501 and 505 are obstetrics
# and fetal medicine. 500 (obstetrics and gynaecology together) is left out on purpose:
# half of it is not maternity.
SERVICES: Final = {
    (SPECIALTY, "501"): Service.MATERNITY,
    (SPECIALTY, "505"): Service.MATERNITY,
    (SPECIALTY, "560"): Service.MATERNITY,
    (SPECIALTY, "180"): Service.EMERGENCY_DEPARTMENT,
    (SPECIALTY, "290"): Service.COMMUNITY_PAEDIATRICS,
    (SPECIALTY, "600"): Service.GENERAL_PRACTICE,
    (SPECIALTY, "710"): Service.ADULT_MENTAL_HEALTH,
    (SPECIALTY, "711"): Service.CAMHS,
    (SNOMED, "18114009"): Service.MATERNITY,  # prenatal examination and care of mother
    (SNOMED, "424525001"): Service.MATERNITY,  # antenatal care
    (SNOMED, "424441002"): Service.MATERNITY,  # prenatal initial visit
    (SNOMED, "424619006"): Service.MATERNITY,  # prenatal visit
}

# HL7 v3 ActCode. AMB, VR, HH, FLD and the short stays are left out on purpose: a planned
# visit is an appointment's matter, and none of them is an arrival or an admission.
EMERGENCY_CLASSES: Final = frozenset({(ACT_CODE, "EMER")})
INPATIENT_CLASSES: Final = frozenset((ACT_CODE, code) for code in ("IMP", "ACUTE", "NONAC"))
UNUSED_CLASSES: Final = frozenset(
    {(ACT_CODE, code) for code in ("AMB", "VR", "HH", "FLD", "OBSENC", "PRENC", "SS")}
)

# FHIR R4 EncounterStatus.
HAPPENING_STATUSES: Final = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})
WITHDRAWN_STATUSES: Final = frozenset({"cancelled", "entered-in-error"})

# NHS Data Dictionary, ADMISSION METHOD (HOSPITAL PROVIDER SPELL), 2023-04. 81 to 83, transfers
# and births, are neither: whether they were planned is not said.
PLANNED_ADMISSIONS: Final = frozenset({"11", "12", "13"})
EMERGENCY_ADMISSIONS: Final = frozenset(
    {"21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"}
)
MATERNITY_ADMISSIONS: Final = frozenset({"31", "32"})

# SNOMED CT. Groups that set urgency only and are never shown; what is not here is unknown.
PRESENTATIONS: Final = {
    (SNOMED, "417163006"): PresentationGroup.INJURY,  # traumatic or non-traumatic injury
    (SNOMED, "417746004"): PresentationGroup.INJURY,  # traumatic injury
    (SNOMED, "125605004"): PresentationGroup.INJURY,  # fracture of bone
    (SNOMED, "82271004"): PresentationGroup.INJURY,  # injury of head
    (SNOMED, "312608009"): PresentationGroup.INJURY,  # laceration
    (SNOMED, "125666000"): PresentationGroup.INJURY,  # burn
    (SNOMED, "248062006"): PresentationGroup.SELF_HARM,  # self-injurious behaviour
    (SNOMED, "276853009"): PresentationGroup.SELF_HARM,  # self inflicted injury
    (SNOMED, "82313006"): PresentationGroup.SELF_HARM,  # suicide attempt
}

# EMS-PDS-StillBornIndicator-1 (NEMS): 1 is live; every other value is some stillbirth.
LIVE_BIRTH: Final = "1"
STILLBIRTH_CODE: Final = (SNOMED, "237364002")
GESTATION_CODE: Final = (SNOMED, "412726003")
BIRTHS_CODE: Final = (SNOMED, "382341000000101")
DELIVERY_PLACE: Final = "delivery-place"

# The specification says NMTH, its own sample 12: both mean that the related person's patient
# is the child of the one who is linked.
MOTHER_CODES: Final = frozenset({"NMTH", "MTH", "GESTM", "12"})

# NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE: only 01 is traced and verified.
VERIFIED: Final = frozenset({"01", "number-present-and-verified"})
