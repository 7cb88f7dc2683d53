"""The two records of an adopted child, as each kind of case system would send them.

Both records have one date of birth, sex and postcode. Everything else differs: the authority's
id, the names, the numbers, the relatives. What a source tells of the record from before (a
former pupil number, an id of the supplier's own that stays) is sent with the new one, on purpose.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kinbridge.demo.people import numbers_for
from tests.adapters.casesystem.test_annex_a import workbook

BORN: Final = "2021-01-15"
POSTCODE: Final = "SE13 6AB"
BEGAN: Final = "2026-11-08"
"""When each record's work began, by its own account a day or two before it is first told."""
ADOPTED: Final = "2026-11-10"
BEGAN_ANEW: Final = "2026-11-15"

BEFORE: Final = "adopted-before"
AFTER: Final = "adopted-after"
"""Names of the two families whose numbers these are."""

Rows = Mapping[str, Sequence[Mapping[str, str]]]
"""Rows by the table that they stand in."""


@dataclass(frozen=True)
class Record:
    """A child as one of its records knows it."""

    id: str
    first: str
    last: str
    began: str
    upn: str
    former_upn: str
    numbers: Mapping[str, str]
    parent: str
    parent_name: str
    role: str

    @property
    def number(self) -> str:
        return self.numbers["child"]

    @property
    def words(self) -> tuple[str, ...]:
        """What names this child and nobody else."""
        mine = (self.id, self.first, self.last, self.upn, *self.numbers.values(), self.parent)
        return (*mine, *(spaced(number) for number in self.numbers.values()))


def spaced(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}"


OLD: Final = Record(
    id="4711OLD",
    first="Ines",
    last="Formerly",
    began=BEGAN,
    upn="A123456789012",
    former_upn="",
    numbers=numbers_for(BEFORE, ["child", "parent"]),
    parent="4712OLD",
    parent_name="Rosa Formerly",
    role="mother",
)
NEW: Final = Record(
    id="8150NEW",
    first="Clara",
    last="Lately",
    began=BEGAN_ANEW,
    upn="B987654321098",
    former_upn=OLD.upn,
    numbers=numbers_for(AFTER, ["child", "parent"]),
    parent="8151NEW",
    parent_name="Tomas Lately",
    role="parent",
)

OTHER: Final = Record(
    id="6000OTHER",
    first="Kit",
    last="Elsewhere",
    began="2025-03-03",
    upn="C111111111111",
    former_upn="",
    numbers=numbers_for("somebody-else", ["child", "parent"]),
    parent="6001OTHER",
    parent_name="Joan Elsewhere",
    role="mother",
)
"""Somebody else, so that no two loads are alike."""

SIGNS: Final = ("RC1", "E11", "E12", "A3", "A4", "A5", "A6", "placed", "order", "purge")
"""How a source can say it: a closure, an end of care, a placement, a day, or that all goes."""

ENDS: Final = ("E11", "E12")
PLACEMENTS: Final = ("A3", "A4", "A5", "A6")


def british(day: str) -> str:
    return "/".join(reversed(day.split("-")))


def care(sign: str) -> dict[str, str]:
    """Give the step of care that a sign stands in, by the codes of the looked-after return."""
    if sign in ENDS:
        return {"start": BEGAN, "kind": "U4", "end": ADOPTED, "end_reason": sign}
    if sign in PLACEMENTS:
        return {"start": ADOPTED, "kind": sign, "end": "", "end_reason": ""}
    return {}


def dfe_child(child: Record, sign: str = "") -> dict[str, Any]:
    if sign == "purge":
        return {"la_child_id": child.id, "purge": True}
    episode: dict[str, Any] = {
        "social_care_episode_id": f"{child.id}E",
        "referral_date": child.began,
        "referral_source": "3A",
        "child_protection_plans": [
            {"child_protection_plan_id": f"{child.id}P", "start_date": child.began}
        ],
    }
    if sign == "RC1":
        episode |= {"closure_date": ADOPTED, "closure_reason": "RC1"}
    if sign == "placed":
        episode["adoption"] = {"placed_date": ADOPTED}
    if step := care(sign):
        episode["child_looked_after_placements"] = [
            {
                "child_looked_after_placement_id": f"{child.id}L",
                "start_date": step["start"],
                "start_reason": "S",
                "placement_type": step["kind"],
                **({"end_date": step["end"], "end_reason": sign} if step["end"] else {}),
            }
        ]
    details = {
        "first_name": child.first,
        "surname": child.last,
        "date_of_birth": BORN,
        "sex": "F",
        "postcode": POSTCODE,
        "unique_pupil_number": child.upn,
        **({"former_unique_pupil_number": child.former_upn} if child.former_upn else {}),
    }
    return {
        "la_child_id": child.id,
        "mis_child_id": "the-same-for-both",
        "child_details": details,
        "social_care_episodes": [episode],
    }


def webhook_events(child: Record, sign: str = "") -> list[dict[str, Any]]:
    """Give what opens the record, or the one event that a sign is."""
    if not sign:
        relative = {
            "role": child.role,
            "person_id": child.parent,
            "nhs_number": child.numbers["parent"],
            "name": child.parent_name,
            "main_carer": True,
        }
        referral = {"referral_id": f"{child.id}R"}
        return [
            {**_event(child, "referral_received", child.began, referral), "people": [relative]},
            _event(child, "cp_plan_started", child.began, {"plan_id": f"{child.id}P"}),
        ]
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "RC1": ("episode_closed", {"episode_id": f"{child.id}R", "reason": "RC1"}),
        "placed": ("adoption_shield_started", {"trigger": "placed-for-adoption"}),
        "order": ("adoption_shield_started", {"trigger": "adoption-order"}),
        "purge": ("purged", {"scope": "child"}),
        **{e: ("looked_after_ended", {"episode_id": "L", "reason": e}) for e in ENDS},
        **{
            a: ("looked_after_placement_changed", {"episode_id": "L", "placement_type": a})
            for a in PLACEMENTS
        },
    }
    kind, data = kinds[sign]
    return [_event(child, kind, ADOPTED, data)]


def _event(child: Record, kind: str, day: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{child.id}-{kind}",
        "type": kind,
        "recorded": f"{day}T09:00:00Z",
        "occurred": day,
        "authority": "209",
        "child": {
            "la_child_id": child.id,
            "nhs_number": child.number,
            "name": f"{child.first} {child.last}",
            "born": BORN,
        },
        "data": data,
    }


def cin_file(children: Sequence[tuple[Record, str]]) -> dict[str, bytes]:
    told = "".join(_cin_child(child, sign) for child, sign in children)
    return {
        "cin.xml": (
            "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2027</Year>"
            "<ReferenceDate>2027-03-31</ReferenceDate></CollectionDetails><Source><LEA>209</LEA>"
            f"</Source></Header><Children>{told}</Children></Message>"
        ).encode()
    }


def _cin_child(child: Record, sign: str) -> str:
    former = f"<FormerUPN>{child.former_upn}</FormerUPN>" if child.former_upn else ""
    closed = (
        f"<CINclosureDate>{ADOPTED}</CINclosureDate><ReasonForClosure>RC1</ReasonForClosure>"
        if sign == "RC1"
        else ""
    )
    return (
        f"<Child><ChildIdentifiers><LAchildID>{child.id}</LAchildID><UPN>{child.upn}</UPN>{former}"
        f"<PersonBirthDate>{BORN}</PersonBirthDate><Sex>F</Sex></ChildIdentifiers><CINdetails>"
        f"<CINreferralDate>{child.began}</CINreferralDate><ReferralSource>3A</ReferralSource>"
        f"{closed}<ChildProtectionPlans><CPPstartDate>{child.began}</CPPstartDate>"
        "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse></ChildProtectionPlans>"
        "<ReferralNFA>0</ReferralNFA></CINdetails></Child>"
    )


def ssda903_files(children: Sequence[tuple[Record, str]]) -> dict[str, bytes]:
    header, episodes = [], []
    for child, sign in children:
        own = {"CHILD": child.id, "DOB": british(BORN)}
        header.append({**own, "SEX": "2", "UPN": child.upn})
        first = {"DECOM": british(child.began), "RNE": "S", "LS": "C2", "PLACE": "U4"}
        step = care(sign)
        ends = {"DEC": british(ADOPTED), "REC": sign if sign in ENDS else "X1"} if step else {}
        episodes.append({**own, **first, "DEC": "", "REC": "", **ends})
        if sign in PLACEMENTS:
            later = {"DECOM": british(ADOPTED), "RNE": "P", "LS": "E1", "PLACE": sign}
            episodes.append({**own, **later, "DEC": "", "REC": ""})
    return tables({"header.csv": header, "episodes.csv": episodes})


def annex_a_file(children: Sequence[tuple[Record, str]]) -> dict[str, bytes]:
    sheets: dict[str, list[Sequence[object]]] = {
        "List 6": [["Child Unique ID", "UPN", "Date of Birth", "CIN Start Date", "Primary Need",
                    "CIN Closure Date", "Reason for Closure", "Case Status"]],
        "List 8": [["Child Unique ID", "Date of Birth", "Date Started to be Looked After",
                    "Start Date of Most Recent Placement", "Placement Type",
                    "Date Ceased to be Looked After", "Reason Ceased to be Looked After"]],
        "List 10": [["Child Unique ID", "Date of Birth", "Date Placed for Adoption",
                     "Date of Adoption Order", "No Longer be Placed"]],
    }  # fmt: skip
    for child, sign in children:
        closed = (british(ADOPTED), "RC1 - Adopted") if sign == "RC1" else ("", "")
        began, born = british(child.began), british(BORN)
        need = [child.id, child.upn, born, began, "N1", *closed, "Child protection plan"]
        sheets["List 6"].append(need)
        if step := care(sign):
            start, end = british(step["start"]), british(step["end"]) if step["end"] else ""
            row = [child.id, born, start, start, step["kind"], end, step["end_reason"]]
            sheets["List 8"].append(row)
        if sign in ("placed", "order"):
            day = british(ADOPTED)
            days = (day, "") if sign == "placed" else ("", day)
            sheets["List 10"].append([child.id, born, *days, ""])
    return dict(workbook(sheets))


def tables(rows: Rows) -> dict[str, bytes]:
    """Write rows as CSV, without those that are of nobody."""
    found: dict[str, bytes] = {}
    for name, told in rows.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, list(told[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in told if any(row.values()))
        found[name if name.endswith(".csv") else f"{name}.csv"] = text.getvalue().encode()
    return found
