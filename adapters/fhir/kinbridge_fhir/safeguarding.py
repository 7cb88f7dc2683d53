"""Codes by which health says that it has a safeguarding concern, and those that say it has none.

`safeguarding-codes-bars` 1.0.0 (NHS Digital, 2022-03-11), which are SNOMED CT codes under an
address of their own, and the one code of it that is not; general practices send the same codes
as SNOMED CT (UK Core 2.0.0). `1064961000000107` was seen in a practice's record and is left out
on purpose: nothing published says what it means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kinbridge_fhir.collection import Coding
from kinbridge_fhir.systems import (
    BARS_FLAG_CATEGORY,
    BARS_SAFEGUARDING,
    FLAG_CATEGORY,
    RECORD_HEADING,
    SNOMED,
)

CATEGORIES: Final = frozenset(
    {(BARS_FLAG_CATEGORY, "SG"), (FLAG_CATEGORY, "safety"), (RECORD_HEADING, "safeguarding")}
)
"""Flag categories under which a code is looked up here. Under any other it may be anything.

The last is a heading of the PRSB's, by which GP Connect marks what a pharmacy tells a practice
(Update Record, STU3); it stands in `meta.tag`.
"""

CERTAIN: Final = (BARS_FLAG_CATEGORY, "SG")
"""The category that is a concern by itself, whatever its code."""

UNBORN: Final = "878111000000109"
"""Unborn child is cause for safeguarding concern: the patient is the mother."""

NONE: Final = "861931000000100"
"""No safeguarding issues identified: said, and no concern."""

OF_A_CHILD: Final = frozenset(
    {
        "836881000000105",  # child is cause for safeguarding concern
        UNBORN,
        "300731000000106",  # family is cause for concern
        "1076171000000100",  # carer behaviour is cause for safeguarding concern
        "375041000000100",  # family member subject of child protection plan
        "864491000000105",  # has child subject of child protection plan
        "702953007",  # suspected victim of child neglect
        "700254002",  # suspected victim of child sexual abuse
        "700255001",  # suspected non-accidental injury to child
        "162596006",  # suspected victim of child abuse
        "700253008",  # suspected victim of sexual grooming
        "449889006",  # delay in seeking medical advice
    }
)

OF_ANYBODY: Final = frozenset(
    {
        "297591000000108",  # alleged victim of sexual assault
        "736792008",  # at risk of honour based violence
        "401206008",  # at risk for deliberate self harm
        "702579009",  # suspected victim of sexual abuse
        "707087005",  # at risk of domestic violence
        "881081000000100",  # domestic abuse victim in household
        "838481000000106",  # at risk of institutional abuse
        "697951004",  # suspected victim of emotional abuse
        "697950003",  # suspected domestic abuse
        "697949003",  # suspected victim of physical abuse
        "1054321000000100",  # at risk of forced marriage
        "766969008",  # at risk of radicalisation
        "415685003",  # suspected alcohol abuse
        "761571000000106",  # at risk of financial abuse
        "713201008",  # at risk of female genital mutilation
        "919461000000108",  # at risk of sexual exploitation
        "293161000000103",  # family history of alcohol misuse
        "416936003",  # at risk of physical abuse
        "766561000000109",  # adult safeguarding concern
        "417361000",  # at risk of sexual abuse
        "771983008",  # at risk of psychological abuse
        "771984002",  # at risk of emotional abuse
        "826931000000104",  # frequent attender of accident and emergency department
        "417427001",  # at risk of discriminatory abuse
        "417430008",  # vulnerable adult
        "771385008",  # suspected victim of bullying
        "104586100000100",  # at risk of human trafficking
        "129707006",  # at risk for other-directed violence
        "287351000000105",  # family history of substance misuse
        "248054003",  # self-neglect
        "162591001",  # suspected drug abuse
        "777996001",  # alleged being subjected to abuse
    }
)

_UNSPECIFIED: Final = (BARS_SAFEGUARDING, "U")
_SYSTEMS: Final = frozenset({BARS_SAFEGUARDING, SNOMED})


def concerns(codes: Iterable[Coding]) -> list[str]:
    """Give the codes that are a concern, in the source's order; `U` is one without its kind."""
    return [
        code.code
        for code in codes
        if code.pair == _UNSPECIFIED
        or (code.system in _SYSTEMS and code.code in OF_A_CHILD | OF_ANYBODY)
    ]


def says_none(codes: Iterable[Coding]) -> bool:
    """Whether the source says that it found no safeguarding issue."""
    return any(code.system in _SYSTEMS and code.code == NONE for code in codes)
