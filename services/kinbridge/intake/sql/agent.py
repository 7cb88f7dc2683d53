"""The outside of a reporting copy: its rows, through the mapping file, to one record a child."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from kinbridge.intake.files.agent import Writing, load_parts
from kinbridge.intake.files.decide import End
from kinbridge.intake.files.taking import Taking
from kinbridge.runtime.reporting_copy import CopyUnreadableError, Wanted, read_rows
from kinbridge_casesystem.cutting import Loading
from kinbridge_casesystem.extract_file import ExtractFormat
from kinbridge_casesystem.extract_model import ExtractMapping, TableMapping
from kinbridge_casesystem.records import Part
from kinbridge_schemas.problems import UnreadableError

__all__ = ["Copy", "CopyUnreadableError"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A reporting copy: where it is, and the mapping file that names its tables."""

    url: SecretStr
    mapping: ExtractMapping

    async def read(self, writing: Writing) -> End:
        """Take in all of it. Raises CopyUnreadableError; then nothing was taken in."""
        taken = Taking(
            self.mapping.source, ExtractFormat(self.mapping), self.mapping.complete_days
        )
        return await load_parts(self._cut, "sql", taken, writing)

    def _cut(self, loading: Loading) -> Iterator[Part]:
        return ExtractFormat(self.mapping).cut_rows(self._rows(), loading)

    def _rows(self) -> Iterator[tuple[TableMapping, Mapping[str, str]]]:
        tables = {t.table: t for t in self.mapping.tables if t.table is not None}
        wanted = [Wanted(name, tuple(sorted(t.columns))) for name, t in tables.items()]
        found = Counter[str]()
        for each, row in read_rows(self.url.get_secret_value(), wanted):
            found[each.name] += 1
            yield tables[each.name], row
        # Nightly loads empty a table first: an empty one would be taken for all deleted.
        if self.mapping.complete_days is not None and len(found) < len(wanted):
            raise UnreadableError("table-empty")
