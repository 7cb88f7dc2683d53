"""What the watching of folders counts. A source's name is the case system's."""

from __future__ import annotations

from typing import Final

from kinbridge.intake.source_meters import FetchedMeters


class Meters(FetchedMeters):
    """Of folders, beside what is counted of every source that we ask."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: Final = self._counter(
            "kinbridge_files_loads", "Loads, by how they ended.", "end"
        )
        self.records: Final = self._counter(
            "kinbridge_files_records", "Records written of loads, one a child."
        )
