"""Every code that this adapter understands, with what it means here, its source and its date.

What stands in no table is parked with a reason and never guessed.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from kinbridge_fhir.systems import (
    ACT_CODE,
    BARS_EVENT,
    CONFIDENTIALITY,
    NEMS_EVENT,
    SNOMED,
    SPECIALTY,
    TRIGGER,
)
from kinbridge_schemas.events.care import PresentationGroup
from kinbridge_schemas.vocabulary import Service

MAPPING_VERSION: Final = "fhir-message-1"
"""Raised whenever a table or a rule of this adapter changes."""


class Reading(Enum):
    """How a message is read, by its event code."""

    NEMS = "nems"
    RESOURCES = "resources"
    RESOURCES_OF_A_REFERRAL = "resources-of-a-referral"
    NOT_USED = "event-not-used"


# NEMS event types: nhsconnect/Events-Management, 2025-01-30 (Apache-2.0).
# BaRS message events: NHSDigital/booking-and-referral-fhir-api, 2026-05-18 (MIT).
# HL7 v2 table 0003, trigger events (HL7 Terminology 6.1): what a hospital's own engine
# names its messages by when it turns ADT and SIU into FHIR.
EVENTS: Final = {
    **{
        (NEMS_EVENT, code): Reading.NEMS
        for code in (
            "pds-birth-notification-1",
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
    # The services themselves, of the care setting types of SNOMED CT (UK edition, 2026).
    (SNOMED, "714088003"): Service.MATERNITY,  # midwifery service
    (SNOMED, "714089006"): Service.MATERNITY,  # community midwifery service
    (SNOMED, "310063007"): Service.MATERNITY,  # obstetrics service
    (SNOMED, "1323431000000104"): Service.MATERNITY,  # fetal medicine service
    (SNOMED, "1078501000000104"): Service.HEALTH_VISITING,  # health visiting service
    (SNOMED, "1326391000000100"): Service.HEALTH_VISITING,  # Family Nurse Partnership service
    (SNOMED, "931821000000105"): Service.SCHOOL_NURSING,  # school nursing service
    (SNOMED, "1060971000000108"): Service.GENERAL_PRACTICE,  # general practice service
    (SNOMED, "788007007"): Service.GENERAL_PRACTICE,  # general practice service
    (SNOMED, "829981000000108"): Service.COMMUNITY_PAEDIATRICS,  # community child health
    (SNOMED, "788127005"): Service.COMMUNITY_PAEDIATRICS,  # child health service
    (SNOMED, "310067008"): Service.COMMUNITY_PAEDIATRICS,  # community paediatric service
    (SNOMED, "310117003"): Service.CAMHS,  # child and adolescent psychiatry service
    (SNOMED, "828811000000104"): Service.CAMHS,  # child psychiatry service
    (SNOMED, "828821000000105"): Service.CAMHS,  # adolescent psychiatry service
    (SNOMED, "788002001"): Service.ADULT_MENTAL_HEALTH,  # adult mental health service
    (SNOMED, "892811000000109"): Service.ADULT_MENTAL_HEALTH,  # adult mental health service
    (SNOMED, "901221000000102"): Service.ADULT_MENTAL_HEALTH,  # perinatal mental health service
    (SNOMED, "1079481000000104"): Service.ADULT_MENTAL_HEALTH,  # perinatal psychiatry service
    (SNOMED, "109201000000109"): Service.SUBSTANCE_USE,  # substance misuse team
    (SNOMED, "788125002"): Service.SUBSTANCE_USE,  # addiction service
    (SNOMED, "827621000000108"): Service.SUBSTANCE_USE,  # addiction service
    (SNOMED, "310000008"): Service.EMERGENCY_DEPARTMENT,  # accident and emergency service
    (SNOMED, "3751000175100"): Service.EMERGENCY_DEPARTMENT,  # paediatric emergency service
}

# HL7 v3 ActCode. AMB, VR and HH are an appointment's matter; FLD is an ambulance crew's, which
# brings somebody or does not; PRENC comes before an admission; OBSENC and SS follow an arrival
# that is told by itself. None of them is an arrival or an admission.
EMERGENCY_CLASSES: Final = frozenset({(ACT_CODE, "EMER")})
INPATIENT_CLASSES: Final = frozenset((ACT_CODE, code) for code in ("IMP", "ACUTE", "NONAC"))
UNUSED_CLASSES: Final = frozenset(
    {(ACT_CODE, code) for code in ("AMB", "VR", "HH", "FLD", "OBSENC", "PRENC", "SS")}
)

# SNOMED CT, emergency care discharge status (reference set 999003021000000104): who left, and
# whether somebody had looked at them. Every other code of the set says that they were seen.
LEFT_UNSEEN: Final = (SNOMED, "1066301000000103")  # left before initial assessment
SEEN_AT_LEAST: Final = frozenset(
    (SNOMED, code)
    for code in (
        "1066311000000101",  # left after initial assessment
        "1066321000000107",  # left before treatment was completed
        "182992009",  # treatment completed
        # The others were streamed by a clinician to another service, or asked to come back.
        *("1077021000000100", "1077031000000103", "1077041000000107", "1077051000000105"),
        *("1077061000000108", "1077071000000101", "1077081000000104", "1077091000000102"),
        *("1077101000000105", "1077781000000101", "1324201000000109", "2304481000000106"),
    )
)

# FHIR R4 EncounterStatus.
# R5's `discharged` and `completed` stand for R4's `finished`; its `on-hold` for `onleave`.
# FHIR R5, EncounterStatus, 5.0.0. Its `discontinued` is left out on purpose: it does not say
# whether anybody came.
FINISHED_STATUSES: Final = frozenset({"finished", "completed", "discharged"})
HAPPENING_STATUSES: Final = FINISHED_STATUSES | {
    *("arrived", "triaged", "in-progress", "onleave", "on-hold")
}
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

# HL7 v3 Confidentiality, as the Personal Demographics Service marks a record (2026-03-13).
RESTRICTED: Final = frozenset((CONFIDENTIALITY, code) for code in ("R", "V", "REDACTED"))

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
