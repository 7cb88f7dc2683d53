"""Code lists of the children in need census.

Source: DfE, children in need census: guide 2023 to 2024 version 1.0, and the schemas of the
collections 2022, 2024, 2025 and 2026 (a collection's year begins on 1 April of the year before).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kinbridge_casesystem.codes import Entry, table

_SOURCE: Final = "DfE children in need census, collections 2022 to 2026"
_FROM_2023: Final = date(2023, 4, 1)
"""The first day of the collection of 2024, which added codes."""

REFERRAL_SOURCES: Final = table(
    "referral-source",
    _SOURCE,
    {
        "1A": "Family member, relative or carer",
        "1B": "Acquaintance",
        "1C": "Self",
        "1D": "Other individual",
        "2A": "Schools",
        "2B": "Education services",
        "3A": "General practitioner",
        "3B": "Health visitor",
        "3C": "School nurse",
        "3D": "Other primary health services",
        "3E": "Accident and emergency",
        "3F": "Other health services",
        "4": "Housing",
        "5A": "Local authority social care",
        "5B": "Other local authority department",
        "5C": "Another local authority",
        "5D": Entry("Early help", since=_FROM_2023),
        "6": "Police",
        "7": "Other legal agency",
        "8": "Other",
        "9": "Anonymous",
        "10": "Unknown",
    },
    also={"GP": "3A", "A&E": "3E", "School": "2A", "Individual": "1D"},
)

PRIMARY_NEEDS: Final = table(
    "primary-need",
    _SOURCE,
    {
        "N1": "Abuse, neglect and exploitation",
        "N2": "Child's disability",
        "N3": "Parental disability or illness",
        "N4": "Family in acute stress",
        "N5": "Family dysfunction",
        "N6": "Socially unacceptable behaviour",
        "N7": "Low income",
        "N8": "Absent parenting",
        "N9": "Not a child in need",
        "N0": "Not stated",
    },
    also={
        "Abuse or neglect": "N1",  # its words until the collection of 2026
        "Parents illness or disability": "N3",
        "Not CIN": "N9",
    },
)

CLOSURE_REASONS: Final = table(
    "closure-reason",
    _SOURCE,
    {
        "RC1": "Adopted",
        "RC2": "Died",
        "RC3": "Child arrangements order",
        "RC4": "Special guardianship order",
        "RC5": "Transferred to another local authority",
        "RC6": "Transferred to adult social care",
        "RC7": "Services ceased for another reason, or no longer in need",
        "RC8": "Closed after assessment, no further action",
        "RC9": Entry("Closed after assessment, referred to early help", since=_FROM_2023),
    },
    also={
        "Residence order": "RC3",
        "Transfer to another LA": "RC5",
        "Transfer to adult social services": "RC6",
        "'Other' incl. Child no longer in need": "RC7",
        "Child not in need after assessment": "RC8",
    },
)

ABUSE_CATEGORIES: Final = table(
    "category-of-abuse",
    _SOURCE,
    {
        "NEG": "Neglect",
        "PHY": "Physical abuse",
        "SAB": "Sexual abuse",
        "EMO": "Emotional abuse",
        "MUL": "Multiple",
    },
    also={"Multiple/not recommended": "MUL", "Physical": "PHY", "Sexual": "SAB"}
    | {"Emotional": "EMO"},
)

_WHO: Final = {"A": "child", "B": "parent or carer", "C": "another in the household"}
_SUBSTANCE: Final = {
    "1": "Alcohol",
    "2": "Drugs",
    "3": "Domestic violence",
    "4": "Mental health",
    "5": "Learning disability",
    "6": "Physical disability or illness",
}
_PRIVATE: Final = {
    "8B": "overseas, to return",
    "8C": "overseas, to stay",
    "8D": "education",
    "8E": "own arrangement",
    "8F": "other",
}

FACTORS: Final = table(
    "assessment-factor",
    _SOURCE,
    {f"{n}{w}": f"{what}: {who}" for n, what in _SUBSTANCE.items() for w, who in _WHO.items()}
    | {"7A": "Young carer"}
    | {code: f"Private fostering: {words}" for code, words in _PRIVATE.items()}
    | {
        "9A": "Unaccompanied asylum-seeking child",
        "10A": "Missing",
        "11A": "Child sexual exploitation",
        "12A": "Trafficking",
        "13A": "Gangs",
        "14A": "Socially unacceptable behaviour",
        "15A": "Self-harm",
        "16A": "Neglect",
        "17A": "Emotional abuse",
        # Split into B and C; systems go on sending A, and so it stays.
        "18A": "Physical abuse",
        "18B": "Physical abuse, child on child",
        "18C": "Physical abuse, adult on child",
        "19A": "Sexual abuse",
        "19B": "Sexual abuse, child on child",
        "19C": "Sexual abuse, adult on child",
        "20": "Other",
        "21": "No factors",
        "22A": "Female genital mutilation",
        "23A": "Abuse linked to faith or belief",
        "24A": "Child criminal exploitation",
    },
)
