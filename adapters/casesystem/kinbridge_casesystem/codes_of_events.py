"""Which fields of the shared events hold a code of the statutory returns, and of which list.

Whoever writes events in our own vocabulary writes these too: with or without words around the
code, or the words alone. What is on no list is left out, so that no free text comes in by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    FACTORS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)

CODED: Final[Mapping[str, Mapping[str, CodeTable]]] = {
    "contact_received": {"source_code": REFERRAL_SOURCES},
    "referral_received": {"source_code": REFERRAL_SOURCES, "primary_need": PRIMARY_NEEDS},
    "assessment_authorised": {"factors": FACTORS},
    "episode_closed": {"reason": CLOSURE_REASONS},
    "icpc_held": {"category": ABUSE_CATEGORIES},
    "cp_plan_started": {"category": ABUSE_CATEGORIES},
    "cp_plan_category_changed": {"category": ABUSE_CATEGORIES},
    "looked_after_started": {"legal_status": LEGAL_STATUSES, "placement_type": PLACEMENTS},
    "looked_after_placement_changed": {"placement_type": PLACEMENTS},
    "looked_after_ended": {"reason": END_REASONS},
}
"""Lists by kind of event and field."""


def coded(
    kind: str, data: Mapping[str, JsonValue]
) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
    """Give the fields of an event with their codes read, and the fields with one on no list."""
    found, unlisted = dict(data), []
    for name, table in CODED.get(kind, {}).items():
        if not isinstance(told := data.get(name), str | list):
            continue  # absent, or refused by the contract
        codes = [_code(each, table) for each in (told if isinstance(told, list) else [told])]
        if None in codes:
            unlisted.append(name)
        found[name] = [c for c in codes if c] if isinstance(told, list) else codes[0]
    return found, tuple(unlisted)


def _code(told: JsonValue, table: CodeTable) -> str | None:
    return table.code(told) if isinstance(told, str) else None
