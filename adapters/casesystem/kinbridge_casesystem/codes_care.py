"""Code lists of the return on looked-after children.

Source: DfE, SSDA903 return (children looked after), code lists from 2017 on.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kinbridge_casesystem.codes import Entry, table

_SOURCE: Final = "DfE SSDA903 return, from 2017"
# The collection of 2018 to 2019 split special guardianship by whose it became.
_GUARDIANS: Final = date(2018, 4, 1)

START_REASONS: Final = table(
    "reason-new-episode",
    _SOURCE,
    {
        "S": "Started to be looked after",
        "L": "Legal status changed",
        "P": "Placement and carer changed",
        "T": "Placement changed, carer the same",
        "B": "Legal status, placement and carer changed",
        "U": "Legal status and placement changed, carer the same",
    },
)

LEGAL_STATUSES: Final = table(
    "legal-status",
    _SOURCE,
    {
        "C1": "Interim care order",
        "C2": "Full care order",
        "D1": "Freeing order",
        "E1": "Placement order",
        "V2": "Single period of accommodation under section 20",
        "V3": "Short breaks, each with its own agreement",
        "V4": "Short breaks under one agreement",
        "L1": "Police protection",
        "L2": "Emergency protection order",
        "L3": "Child assessment order",
        "J1": "Remanded to the local authority or to youth detention",
        "J2": "Detained in local authority accommodation under PACE",
        "J3": "Sentenced to a youth rehabilitation order",
    },
)

PLACEMENTS: Final = table(
    "placement-type",
    _SOURCE,
    {
        "A3": "For adoption with consent, with current foster carer",
        "A4": "For adoption with consent, not with current foster carer",
        "A5": "For adoption with placement order, with current foster carer",
        "A6": "For adoption with placement order, not with current foster carer",
        "H5": "Semi-independent living",
        "K1": "Secure children's home",
        "K2": "Children's home",
        "P1": "With parents",
        "P2": "Independent living",
        "P3": "Residential employment",
        "R1": "Residential care home",
        "R2": "NHS or other medical establishment",
        "R3": "Family centre or mother and baby unit",
        "R5": "Young offender institution",
        "S1": "Residential school",
        "T0": "Temporary move",
        "T1": "Temporary: hospital",
        "T2": "Temporary: holiday",
        "T3": "Temporary: carer's holiday",
        "T4": "Temporary, longer than seven days",
        "U1": "Foster: relative, long term",
        "U2": "Foster: relative, for adoption",
        "U3": "Foster: relative, other",
        "U4": "Foster: other, long term",
        "U5": "Foster: other, for adoption",
        "U6": "Foster: other, not long term",
        "Z1": "Other placement",
    },
)

END_REASONS: Final = table(
    "reason-episode-ceased",
    _SOURCE,
    {
        "X1": "Goes on in the next episode",
        "E11": "Adopted, application unopposed",
        "E12": "Adopted, consent dispensed with",
        "E2": "Died",
        "E3": "Care taken over by another authority",
        "E4A": "Returned home, planned",
        "E4B": "Returned home, unplanned",
        "E13": "Left care to live with others",
        "E14": "Accommodation on remand ended",
        "E15": "Age assessment found 18 or over",
        "E16": "Moved abroad",
        "E17": "18 and staying with carers",
        "E41": "Residence or child arrangements order",
        "E43": Entry("Special guardianship, former carer", until=date(2019, 3, 31)),
        "E44": Entry("Special guardianship, other carer", until=date(2019, 3, 31)),
        "E45": Entry("Special guardianship, foster carer relative", since=_GUARDIANS),
        "E46": Entry("Special guardianship, other foster carer", since=_GUARDIANS),
        "E47": Entry("Special guardianship, other relative", since=_GUARDIANS),
        "E48": Entry("Special guardianship, other", since=_GUARDIANS),
        "E5": "Moved to independent living, with support",
        "E6": "Moved to independent living, without support",
        "E7": "Transferred to adult social care",
        "E8": "Other reason",
        "E9": "Sentenced to custody",
    },
    also={"Adopted": "E11"},
)
