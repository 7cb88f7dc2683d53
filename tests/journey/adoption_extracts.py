"""The tables of extracts that hold the two records of an adopted child."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from tests.journey.adoption_feeds import (
    ADOPTED,
    BEGAN,
    BORN,
    ENDS,
    PLACEMENTS,
    POSTCODE,
    Record,
    Rows,
    british,
    care,
)


def liquidlogic(children: Sequence[tuple[Record, str]]) -> Rows:
    rows = _Tables()
    for child, sign in children:
        own = {"Person ID": child.id}
        status = "Deleted" if sign == "purge" else "Active"
        rows.add(
            "lcs_persons", own, Forename=child.first, Surname=child.last,
            **{"Date of Birth": british(BORN), "Expected Date of Birth": "", "Restricted": "N",
               "Postcode": POSTCODE, "NHS Number": child.number, "Record Status": status},
        )  # fmt: skip
        rows.add(
            "lcs_relationships", own,
            **{"Related Person ID": child.parent, "Related Person Name": child.parent_name,
               "Relationship": "Mother" if child.role == "mother" else "Step Parent",
               "Main Carer": "Yes", "Related NHS Number": child.numbers["parent"],
               "Related Date of Birth": "", "Start Date": "", "End Date": ""},
        )  # fmt: skip
        closed = (british(ADOPTED), "RC1") if sign == "RC1" else ("", "")
        rows.add(
            "lcs_referrals", own,
            **{"Referral ID": f"{child.id}R", "Referral Date": british(child.began),
               "Source": "3A", "Primary Need": "N1", "NFA": "N", "Closure Date": closed[0],
               "Closure Reason": closed[1]},
        )  # fmt: skip
        rows.add(
            "lcs_cp_plans", own,
            **{"CP Plan ID": f"{child.id}P", "Start Date": british(child.began), "End Date": "",
               "Initial Category": "Neglect", "Latest Category": "Neglect"},
        )  # fmt: skip
        step = care(sign)
        rows.add_if(bool(step), "lcs_cla_placements", own,
            **{"Placement ID": f"{child.id}L", "Start Date": step.get("start", ""),
               "Start Reason": "S", "Placement Type": step.get("kind", ""),
               "Legal Status": "C2", "End Date": step.get("end", ""),
               "End Reason": step.get("end_reason", "")},
        )  # fmt: skip
        rows.add_if(sign == "placed", "lcs_adoptions", own,
            **{"Adoption ID": f"{child.id}A", "Date Placed": ADOPTED, "Plan Reversed Date": ""},
        )  # fmt: skip
    return rows.found


def mosaic(children: Sequence[tuple[Record, str]]) -> Rows:
    rows = _Tables()
    for child, sign in children:
        own = {"Mosaic ID": child.id}
        rows.add(
            "people", own,
            **{"First Names": child.first, "Last Name": child.last, "DOB": BORN, "EDD": "",
               "Postcode": POSTCODE, "NHS Number": child.number, "Access": "Open"},
        )  # fmt: skip
        role = "Is the mother of" if child.role == "mother" else "Is a carer of"
        rows.add(
            "relationships", own,
            **{"Other Mosaic ID": child.parent, "Relationship": role, "Main Carer": "1",
               "Other Name": child.parent_name, "Other NHS Number": child.numbers["parent"],
               "Other DOB": "", "From": "", "To": ""},
        )  # fmt: skip
        rows.add(
            "workflow_steps", own,
            **{"Step ID": f"{child.id}R", "Step Name": "MASH Referral", "Step Status": "COMPLETED",
               "Source": "3A: GP", "Started On": child.began, "Completed On": child.began,
               "Scheduled For": "", "Led From Step ID": ""},
        )  # fmt: skip
        rows.add(
            "cp_registrations", own,
            **{"Registration ID": f"{child.id}P", "Registered On": child.began,
               "Deregistered On": "", "Category": "Neglect", "Latest Category": "Neglect"},
        )  # fmt: skip
        rows.add_if(sign == "RC1", "case_closures", own,
            **{"Referral Step ID": f"{child.id}R", "Closed On": ADOPTED, "Closure Reason": "RC1"},
        )  # fmt: skip
        step = care(sign)
        rows.add_if(bool(step), "placements", own,
            **{"Placement ID": f"{child.id}L", "From": step.get("start", ""),
               "Reason Started": "S", "Placement Type": step.get("kind", ""),
               "Legal Status": "C2", "To": step.get("end", ""),
               "Reason Ended": step.get("end_reason", "")},
        )  # fmt: skip
    return rows.found


def ssd(children: Sequence[tuple[Record, str]]) -> Rows:
    rows = _Tables()
    for child, sign in children:
        rows.add(
            "ssd_person", {"pers_person_id": child.id}, pers_forename=child.first,
            pers_surname=child.last, pers_dob=BORN, pers_expected_dob="",
            pers_common_child_id=child.number,
        )  # fmt: skip
        rows.add_if(child.role == "mother", "ssd_mother", {"moth_childs_person_id": child.id},
            moth_person_id=child.parent,
        )  # fmt: skip
        closed = (ADOPTED, "RC1") if sign == "RC1" else ("", "")
        rows.add(
            "ssd_cin_episodes", {"cine_person_id": child.id}, cine_referral_id=f"{child.id}R",
            cine_referral_date=child.began, cine_referral_source_code="3A",
            cine_cin_primary_need_code="N1", cine_referral_nfa="N", cine_close_date=closed[0],
            cine_close_reason=closed[1],
        )  # fmt: skip
        rows.add(
            "ssd_cp_plans", {"cppl_person_id": child.id}, cppl_cp_plan_id=f"{child.id}P",
            cppl_cp_plan_start_date=child.began, cppl_cp_plan_end_date="",
            cppl_cp_plan_initial_category="NEG", cppl_cp_plan_latest_category="NEG",
        )  # fmt: skip
        rows.add_if(sign in ENDS, "ssd_cla_episodes", {"clae_person_id": child.id},
            clae_cla_episode_id=f"{child.id}L", clae_cla_episode_start_date=BEGAN,
            clae_cla_episode_start_reason="S", clae_cla_episode_ceased=ADOPTED,
            clae_cla_episode_ceased_reason=sign,
        )  # fmt: skip
        rows.add_if(sign in PLACEMENTS, "ssd_cla_placement", {"clap_person_id": child.id},
            clap_cla_placement_type=sign, clap_cla_placement_start_date=ADOPTED,
        )  # fmt: skip
        rows.add_if(sign == "placed", "ssd_permanence", {"perm_person_id": child.id},
            perm_placed_for_adoption_date=ADOPTED, perm_decision_reversed_date="",
        )  # fmt: skip
    return rows.found


@dataclass
class _Tables:
    """Tables under way. A row that does not hold stands there as of nobody: headings stay."""

    found: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def add(self, table: str, own: Mapping[str, str], /, **cells: str) -> None:
        self.found.setdefault(table, []).append({**own, **cells})

    def add_if(self, holds: bool, table: str, own: Mapping[str, str], /, **cells: str) -> None:
        if holds:
            self.add(table, own, **cells)
        elif table not in self.found:
            self.found[table] = [dict.fromkeys({**own, **cells}, "")]


def database(path: str, rows: Rows, names: Mapping[str, Sequence[str]]) -> None:
    """Write rows into a reporting copy, whose tables have these columns."""
    with closing(sqlite3.connect(path)) as copy, copy:
        for table, columns in names.items():
            copy.execute(f"DROP TABLE IF EXISTS {table}")
            copy.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            for row in rows.get(table, ()):
                if any(row.values()):
                    said = f"({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})"
                    copy.execute(f"INSERT INTO {table} {said}", list(row.values()))
