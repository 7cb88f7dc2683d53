"""Every code of HL7 v2 that is understood here, with what it means, its source and its date.

What became of an appointment stands in `kinbridge_fhir.attendance`; services, admission methods
and presentations stand in `kinbridge_fhir.codes`. What is in no table is parked, never guessed.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from kinbridge_schemas.vocabulary import Role

MAPPING_VERSION: Final = "hl7v2-1"
"""Raised whenever a table or a rule of this mapping changes."""


class Reading(Enum):
    """What a trigger event says."""

    ARRIVAL = "arrival"
    UPDATE = "update"
    DEPARTURE = "departure"
    PLANNED = "planned"
    ARRIVAL_CANCELLED = "arrival-cancelled"
    DEPARTURE_CANCELLED = "departure-cancelled"
    DEMOGRAPHICS = "demographics"
    MERGE = "merge"
    APPOINTMENT = "appointment"
    NOT_USED = "event-not-used"


# HL7 v2.4, table 0003 (2000-10), chapters 3 and 10.
# A02, A06 and A08 tell a visit as it is now. A07 (to outpatient) says neither that a stay ended
# nor when. A10 and A12 are about where somebody is; A18, A34 and A39 merge by local numbers.
TRIGGERS: Final = {
    ("ADT", "A01"): Reading.ARRIVAL,
    ("ADT", "A04"): Reading.ARRIVAL,
    ("ADT", "A02"): Reading.UPDATE,
    ("ADT", "A06"): Reading.UPDATE,
    ("ADT", "A08"): Reading.UPDATE,
    ("ADT", "A03"): Reading.DEPARTURE,
    ("ADT", "A05"): Reading.PLANNED,
    ("ADT", "A11"): Reading.ARRIVAL_CANCELLED,
    ("ADT", "A13"): Reading.DEPARTURE_CANCELLED,
    ("ADT", "A28"): Reading.DEMOGRAPHICS,
    ("ADT", "A31"): Reading.DEMOGRAPHICS,
    ("ADT", "A40"): Reading.MERGE,
    **{
        ("SIU", code): Reading.APPOINTMENT
        for code in ("S12", "S13", "S14", "S15", "S16", "S17", "S26")
    },
    **{
        ("ADT", f"A{number:02}"): Reading.NOT_USED
        for number in range(1, 63)
        if number not in {1, 2, 3, 4, 5, 6, 8, 11, 13, 28, 31, 40}
    },
    **{("SIU", f"S{number}"): Reading.NOT_USED for number in (18, 19, 20, 21, 22, 23, 24)},
}

# What follows what, where a sender's clock gives two messages the same minute.
ORDER: Final = {
    code: place
    for place, code in enumerate(
        (
            *("A28", "A05", "S12", "A01", "A04", "A31", "A02", "A06", "A08"),
            *("S14", "S13", "A03", "S26", "A13", "A11", "S15", "S16", "S17"),
        )
    )
}

PatientClass = Literal["emergency", "inpatient", "outpatient", "pre-admission"]

# HL7 table 0004. B (obstetrics) lies in a bed; R comes again and again. C, N and U say nothing.
PATIENT_CLASSES: Final[dict[str, PatientClass]] = {
    "E": "emergency",
    "I": "inpatient",
    "B": "inpatient",
    "O": "outpatient",
    "R": "outpatient",
    "P": "pre-admission",
}
OBSTETRICS: Final = "B"

# Who gives a number out (CX.4), its OID, or what kind of number it is (CX.5). `NHSNBR` with
# `NHSNMBR`, or the latter alone in either place, is what Millennium systems of trusts write.
NHS_AUTHORITIES: Final = frozenset(
    {"NHS", "NHSNO", "NHSNBR", "NHSNMBR", "2.16.840.1.113883.2.1.4.1"}
)
NHS_TYPES: Final = frozenset({"NH", "NHS", "NHSNMBR"})

# NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE, as the NHS ITK writes it in PID-32
# (HL7 V2 ADT Message Specifications 1.1, table 0445).
STATUS_PREFIX: Final = "NSTS"
VERIFIED_STATUS: Final = "NSTS01"
DATE_OF_BIRTH_UNKNOWN: Final = "UD"
DATE_OF_BIRTH_ESTIMATED: Final = "ED"

# HL7 table 0063 for NK1-3, and what the NHS ITK puts there: its table 0131, which is the NHS
# Data Dictionary's PERSON RELATIONSHIP TYPE.
RELATIONS: Final = {
    "MTH": Role.MOTHER,
    "12": Role.MOTHER,
    "FTH": Role.FATHER,
    "13": Role.FATHER,
    "GRD": Role.CARER,
    "5": Role.CARER,
    "05": Role.CARER,
}

SNOMED_NAMES: Final = frozenset({"SCT", "SNM", "SNOMED", "SNOMED-CT", "SNOMEDCT"})
