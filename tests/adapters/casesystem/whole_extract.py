"""What an extract can tell, by what its mapping file names: the most that its tables could say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kinbridge_casesystem.extract_kinds import KINDS
from kinbridge_casesystem.extract_model import ExtractMapping, load_mapping
from tests.adapters.casesystem.whole import ROOT, in_turn

Offered = Mapping[str, frozenset[str]]
"""Fields by kind of object, as a mapping file gives them."""

_WHO: Final = {"first_name": "Ada", "surname": "Example", "nhs_number": "9000000033"}
_MOTHER: Final = {
    "person": "M1",
    "role": "mother",
    "main_carer": "Y",
    "name": "Eve Example",
    "nhs_number": "9000000009",
    "born": "1996-05-04",
    "start": "2025-10-01",
}
_WORKER: Final = {"role": "lcpp", "team": "team-a", "duty_phone": "020 7946 0001"}
_WORK: Final[Mapping[str, list[dict[str, str]]]] = {
    "contact": [{"id": "1", "date": "2025-09-30", "source_code": "3B", "outcome": "new-referral"}],
    "help": [
        {
            "id": "1",
            "start": "2025-09-01",
            "end": "2025-09-29",
            "tier": "family-help",
            "team": "team-a",
            "agreed": "Y",
            "reason": "step-up",
        }
    ],
    "episode": [
        {
            "id": "1",
            "referred": "2025-10-01",
            "source_code": "3B",
            "primary_need": "N1",
            "no_further_action": "Y",
            "closed": "2026-02-20",
            "closure_reason": "RC7",
        }
    ],
    "assessment": [
        {
            "id": "1",
            "start": "2025-10-02",
            "authorised": "2025-11-01",
            "factors": "4B",
            "of_kind": "pre-birth",
        }
    ],
    "cin-plan": [{"id": "1", "start": "2025-11-02", "end": "2025-12-02"}],
    "s47": [
        {
            "id": "1",
            "start": "2025-12-02",
            "conference_needed": "Y",
            "end": "2025-12-10",
            "conference": "2025-12-15",
            "plan_made": "Y",
        },
        {"id": "2", "start": "2026-03-01", "conference": "2026-03-20"},
    ],
    "cp-plan": [
        {
            "id": "1",
            "start": "2025-12-15",
            "end": "2026-02-15",
            "category": "NEG",
            "latest_category": "EMO",
            "previous_plans": "1",
            "review": "2026-02-10",
        }
    ],
    "worker": [
        {"worker": "W1", "start": "2025-10-01", "end": "2025-12-01", **_WORKER},
        {"worker": "W2", "start": "2025-12-01", **_WORKER},
    ],
    "placement": [
        {
            "id": "1",
            "start": "2026-01-10",
            "start_reason": "S",
            "kind": "U4",
            "legal_status": "C1",
            "end": "2026-01-20",
            "end_reason": "X1",
        },
        {
            "id": "2",
            "start": "2026-01-20",
            "start_reason": "P",
            "kind": "U4",
            "end": "2026-02-10",
            "end_reason": "E4A",
        },
    ],
    "missing": [{"id": "1", "start": "2026-01-12", "end": "2026-01-13"}],
}
_STAGES: Final = (
    {**_WHO, "due": "2026-07-01", "postcode": "SE13 6AB", "restriction": "locked"},
    {**_WHO, "due": "2026-07-08", "postcode": "SE13 6AC", "restriction": "none"},
)
_ADOPTION: Final = {"id": "1", "date": "2026-02-12", "sign": "placed-for-adoption"}
_BORN: Final = {**_WHO, "born": "2026-02-01"}
_LOST: Final = {**_STAGES[1], "pregnancy_ended": "2026-02-01"}


def offered_by(mapping: ExtractMapping) -> Offered:
    """Give the fields that a mapping file names, by kind of object."""
    found: dict[str, frozenset[str]] = {}
    for rule in (rule for table in mapping.tables for rule in table.rules):
        names = {n for n, cell in rule.fields.items() if not _is_default(rule.gives, n, cell)}
        found[rule.gives] = found.get(rule.gives, frozenset()) | names
    return found


def _is_default(gives: str, name: str, cell: Any) -> bool:
    # A kind of assessment that is written into the file for all of them tells of no other.
    return (gives, name, cell.value) == ("assessment", "of_kind", "child-and-family")


EVERYTHING: Final[Offered] = {name: frozenset(k.fields) for name, k in KINDS.items()}


def of_an_extract(offered: Offered) -> frozenset[str]:
    """Give what a mapping file that names these fields can tell."""
    found: frozenset[str] = frozenset()
    lost, adopted = _closed("RC2"), {**_closed("RC1"), "adoption": [_ADOPTION]}
    for who, work in ((_BORN, _WORK), (_LOST, lost), (_BORN, adopted)):
        stages = [_rows(offered, each, _WORK) for each in _STAGES]
        found |= in_turn("case-extract", *stages, _rows(offered, who, work))
    if "child" in offered:
        gone = {"child": "C1", "about": {}, "tables": {"child": [{"removed": "yes"}]}}
        found |= in_turn("case-extract", _rows(offered, _BORN, _WORK), gone)
    return found


def _closed(reason: str) -> dict[str, list[dict[str, str]]]:
    return {**_WORK, "episode": [{**_WORK["episode"][0], "closure_reason": reason}]}


def _rows(
    offered: Offered, who: dict[str, str], work: Mapping[str, list[dict[str, str]]]
) -> dict[str, Any]:
    mother = {**_MOTHER, "end": "2026-02-01"} if who is _BORN else _MOTHER
    tables = {
        kind: [{name: text for name, text in row.items() if name in offered[kind]} for row in rows]
        for kind, rows in {**work, "details": [who], "relation": [mother]}.items()
        if kind in offered
    }
    return {"child": "C1", "about": {}, "tables": tables}


def of_the_file(name: str) -> frozenset[str]:
    return of_an_extract(offered_by(load_mapping(ROOT / "deploy" / "extracts" / f"{name}.yaml")))
