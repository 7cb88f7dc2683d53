"""Payloads out of a JSON Schema, for the few keywords that the DfE API uses."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

_LETTERS: Final = "ABCdef0123456789"


def payload(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Give a strategy of values that are valid by the schema."""
    match schema:
        case {"type": "object", "properties": dict() as properties}:
            needed = schema.get("required", [])
            parts = {name: payload(part) for name, part in properties.items()}
            return st.fixed_dictionaries(
                {name: parts[name] for name in needed},
                optional={name: part for name, part in parts.items() if name not in needed},
            )
        case {"type": "array", "items": dict() as items}:
            most = min(schema.get("maxItems", 3), 3)
            unique = repr if schema.get("uniqueItems") else None
            return st.lists(payload(items), max_size=most, unique_by=unique)
        case {"type": "string", "format": "date"}:
            return st.dates(date(2000, 1, 1), date(2027, 1, 1)).map(date.isoformat)
        case {"type": "string"}:
            least, most = schema.get("minLength", 1), schema.get("maxLength", 12)
            return st.text(_LETTERS, min_size=least, max_size=most)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            return st.integers(0, 40)
        case _:
            raise AssertionError(f"The schema uses something new: {sorted(schema)}")
