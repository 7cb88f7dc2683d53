"""The topics that intake writes. It is no stage of the engine: it keeps no state."""

from __future__ import annotations

from typing import Final

NHS: Final = "received.nhs"
CASES: Final = "received.cases"
RESPONSES: Final = "responses"
DEAD_LETTERS: Final = "dead-letters"

WRITES: Final = (NHS, CASES, RESPONSES, DEAD_LETTERS)
