"""How files of a kind are taken from a source: by which format, and as which records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.stage import CASES
from kinbridge.sources.model import Sources
from kinbridge_casesystem.cutting import Format, Loading, record_key
from kinbridge_casesystem.extract_file import ROUTE as EXTRACT
from kinbridge_casesystem.extract_file import ExtractFormat
from kinbridge_casesystem.formats import FORMATS
from kinbridge_casesystem.records import Part


@dataclass(frozen=True, slots=True)
class Taking:
    """How files of one source are taken: the format, and the span that a load tells all of."""

    source: str
    format: Format
    complete_days: int | None = None

    def loading(self, today: date) -> Loading:
        if self.complete_days is None:
            return Loading()
        return Loading(today - timedelta(days=self.complete_days), today)

    def entries(self, parts: Iterable[Part], arrival: Arrival) -> tuple[Entry, ...]:
        """Give the record of each part. The same part at any time gives the same record."""
        route, kind = self.format.route, self.format.content_type
        return tuple(
            arrival.entry(
                CASES,
                route,
                self.source,
                record_key(arrival.pseudonymiser, route, self.source, part),
                part.content,
                kind,
            )
            for part in parts
        )


def taking(
    sources: Sources, source: str, kind: str, complete_days: int | None = None
) -> Taking | None:
    """Give how files of a kind are taken from a source; None where that is not configured."""
    if kind != EXTRACT:
        found = FORMATS.get(kind)
        return Taking(source, found, complete_days) if found is not None else None
    for mapping in sources.extracts:
        if mapping.source == source:
            return Taking(source, ExtractFormat(mapping), mapping.complete_days)
    return None
