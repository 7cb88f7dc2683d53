"""Golden inputs grown to the most entries that are read: their cost must not grow faster.

A mapping that looks through all entries for each entry would be caught here: 2,000 entries
are read, and two thousand times two thousand looks are not made within the computing time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kinbridge_fhir.nodes import MAX_BYTES
from tests.adapters.fuzz.attacks import Attack
from tests.adapters.fuzz.inputs import inputs

_MOST = 1_990
_HERE = "the entries"
_OWN = re.compile(r'("id": "[^"]*|"value": "[A-Z]{2}-[^"]*)"')


def grown(route: str, seen: set[str]) -> Iterator[Attack]:
    """Give the inputs with each kind of resource repeated under other ids.

    A kind is mapped alike on every route, so that one that was `seen` is not grown again.
    """
    for given in inputs(route):
        bundle = _bundle(given.content)
        for entry in bundle.get("entry", []) if bundle else []:
            kind = _kind(entry)
            if kind is not None and kind not in seen:
                seen.add(kind)
                name = f"{given.name} with {kind} again and again"
                yield name, given.content_type, _grown(bundle, entry)


def _bundle(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) and found.get("resourceType") == "Bundle" else {}


def _kind(entry: Any) -> str | None:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict):
        return None
    # What is cancelled is looked for among the others, so it is a kind of its own.
    cancelled = resource.get("status") == "cancelled"
    return f"{resource.get('resourceType')}{' cancelled' if cancelled else ''}"


def _grown(bundle: dict[str, Any], entry: dict[str, Any]) -> bytes:
    told = json.dumps(entry)
    most = min(_MOST - len(bundle["entry"]), (MAX_BYTES - 200_000) // len(told))
    entries = [json.dumps(bundle["entry"])[1:-1], *(_renamed(told, n) for n in range(most))]
    # Put in as text: to read and write each of them again would be most of the work.
    around = json.dumps({**bundle, "entry": _HERE})
    return around.replace(json.dumps(_HERE), f"[{', '.join(entries)}]").encode()


def _renamed(told: str, number: int) -> str:
    """Give the entry with another id and business identifier."""
    return _OWN.sub(lambda found: f'{found[1]}-{number}"', told)
