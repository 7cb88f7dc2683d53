"""What may come in from Eclipse: the headers of a delivery, and its record. Pure.

The delivery's id is the record's: a delivery that is sent again is the same record. What differs
from one attempt to the next, as its time, does not go on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from kinbridge.intake.decide import Accepted, Decided, Entrance, Refused
from kinbridge.intake.stage import CASES

ROUTE: Final = "eclipse"
PREFIX: Final = "olm.notification."
NAMES: Final = (
    "deliveryId",
    "deliveryTime",
    "eventTime",
    "groupId",
    "signature",
    "signatureVersion",
    "subscriptionId",
)
"""What Eclipse says in headers of every delivery that it signs."""
_KEPT: Final = ("deliveryId", "eventTime", "groupId", "subscriptionId")
_TEXT: Final = re.compile(r"[!-~]([ -~]{0,3998}[!-~])?")

_NOT_JSON: Final = Refused(400, "json-invalid", "The body is not well-formed JSON.")
_NOT_OBJECT: Final = Refused(400, "json-not-an-object", "The body is not a JSON object.")
_NOT_TAKEN: Final = Refused(403, "group-not-taken", "No notification of this group is taken.")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The headers of one delivery, by their names, and the body that they sign."""

    headers: Mapping[str, str]

    @property
    def kept(self) -> dict[str, str]:
        return {name: self.headers[name] for name in _KEPT}


def delivery_of(headers: Mapping[str, str], groups: Collection[str]) -> Delivery | Refused:
    """Read the headers of a delivery of one of the groups, or say what is missing or wrong."""
    found = {}
    for name in NAMES:
        text = headers.get(PREFIX.lower() + name.lower(), "").strip()
        if not _TEXT.fullmatch(text):
            return Refused(401, "header-missing", "Eclipse signs what it sends.", PREFIX + name)
        found[name] = text
    return Delivery(found) if found["groupId"] in groups else _NOT_TAKEN


def body_of(content: bytes) -> str | Refused:
    """Give the body as text, which is a JSON object or nothing at all."""
    try:
        text = content.decode("utf-8")
        read = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return _NOT_JSON
    return text if isinstance(read, dict) else _NOT_OBJECT


def record(body: str, delivery: Delivery, entrance: Entrance) -> Decided:
    """Give the record of a delivery whose signature is Eclipse's. The body stands as it came."""
    source = entrance.sender.case_source
    kept = json.dumps(delivery.kept, separators=(",", ":"))
    content = f'{{"olm":{kept},"body":{body.strip() or "{}"}}}'.encode()
    name = f"{ROUTE}|{delivery.headers['deliveryId']}"
    key = entrance.pseudonymiser.of_source_record(source, name)
    entry = entrance.arrival.entry(CASES, ROUTE, source, key, content)
    return Accepted(entry.envelope.id, (entry,))
