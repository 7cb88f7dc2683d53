"""The number of a desk out of `telecom`: one that can be called, and nothing that was typed."""

from __future__ import annotations

import re
from typing import Final

from kinbridge_fhir.nodes import Node, text

_NUMBER: Final = re.compile(r"[0-9+() .-]{3,30}( ?(ext|x)\.? ?[0-9]{1,6})?")


def desk_number(holder: Node, use: str | None = None) -> str | None:
    """Give the first telephone number of a team or organisation, of one use if it is said."""
    for telecom in holder.all("telecom"):
        if text(telecom, "system") != "phone" or (use and text(telecom, "use") != use):
            continue
        said = text(telecom, "value") or ""
        # It is a field that people type in: what is no number to call is left out.
        if _NUMBER.fullmatch(said):
            return said
    return None
