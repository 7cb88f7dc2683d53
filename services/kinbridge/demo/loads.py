"""Files of a case system as a story sends them: one as it is, several packed into one load."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kinbridge.demo.expressions import Names, fill

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_SPECIAL: Final = frozenset(',"\r\n')
_PACKED: Final = "extract.zip"


def load_of(files: Mapping[str, str], names: Names, now: datetime) -> tuple[str, str, bytes]:
    """Give the name, media type and content of a load. Raises StoryError for an unknown name."""
    filled = {name: fill(text, names, now, _cell).encode() for name, text in files.items()}
    if len(filled) == 1:
        ((name, content),) = filled.items()
        return name, "text/csv", content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(filled.items()):
            # A time of day would make another load of the same files.
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return _PACKED, "application/zip", packed.getvalue()


def _cell(text: str) -> str:
    if _SPECIAL.isdisjoint(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
