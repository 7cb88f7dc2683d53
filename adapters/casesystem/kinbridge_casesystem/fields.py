"""Which fields of each kind of event hold an id of the source, and which hold a time.

Read once from the contracts, so that a new kind of event needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import AwareDatetime

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import contact, persons, protection
from kinbridge_schemas.events.kinds import KINDS

_OWN_MODULES: Final = {module.__name__ for module in (contact, protection, persons)}
# It names a fact of ours, which the authority quotes back to us.
_OURS_ALREADY: Final = frozenset({"verified_fact_id"})
# Health sees it of an authority in CP-IS; the authority itself knows its own plans.
_OF_HEALTH: Final = frozenset({"cpis_status_recorded"})

AUTHORITY_KINDS: Final[Mapping[str, type[Value]]] = {
    name: kind
    for name, kind in KINDS.items()
    if kind.__module__ in _OWN_MODULES and name not in _OF_HEALTH
}
"""The kinds that an authority may speak of. What health saw is for health to say."""


def _mentions(annotation: Any, wanted: Any) -> bool:
    return annotation is wanted or any(_mentions(a, wanted) for a in get_args(annotation))


ID_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(
        field
        for field in kind.model_fields
        if field.endswith("_id") and field not in _OURS_ALREADY
    )
    for name, kind in AUTHORITY_KINDS.items()
}

TIME_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(
        field
        for field, info in kind.model_fields.items()
        if _mentions(info.annotation, AwareDatetime)
    )
    for name, kind in AUTHORITY_KINDS.items()
}
