"""Where the official samples lie, if they do: beside the repository, never in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SAMPLES: Final = Path(__file__).parents[3] / "shared" / "samples"
