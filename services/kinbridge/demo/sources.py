"""The sources of the shipped stories: who sends, through which doors, for whom.

Their keys are drawn anew for each demonstration and stand in no file of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kinbridge.intake.keys import SourceKey, sha256_of

SOURCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "lewisham-cases": {
        "source": "liquidlogic",
        "doors": ("events", "children", "files"),
        "authority": "209",
    },
    "southwark-cases": {
        "source": "mosaic",
        "doors": ("events", "children", "files"),
        "authority": "210",
    },
    "example-maternity": {"source": "example-maternity", "doors": ("nhs",)},
    "example-hospital": {"source": "example-hospital", "doors": ("nhs",)},
    "nems": {"source": "nems", "doors": ("nhs",)},
    "lewisham-health-lead": {
        "source": "lewisham-health",
        "doors": ("responses",),
        "authority": "209",
    },
}
"""By the name that a story's `as` uses."""


def mapping_files(partnerships: Path) -> list[str]:
    """Give the mapping files of extracts, which lie in a folder beside that of the policies."""
    return [
        str(path) for path in sorted((partnerships.absolute().parent / "extracts").glob("*.yaml"))
    ]


def source_keys(keys: Mapping[str, str]) -> tuple[SourceKey, ...]:
    """Give what intake must know of each source, from its key in clear."""
    return tuple(
        SourceKey(name=name, sha256=sha256_of(keys[name]), **said)
        for name, said in SOURCES.items()
    )
