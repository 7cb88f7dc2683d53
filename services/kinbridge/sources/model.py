"""The file of sources, closed and frozen. Each kind of source has a file of its own here.

Addresses and secrets are named by the setting that holds them and never stand in the file.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from kinbridge.sources.care import CareServers
from kinbridge.sources.eclipse import EclipseSystems
from kinbridge.sources.files import Extracts, WatchedFolders
from kinbridge.sources.mesh import Mailboxes
from kinbridge.sources.mllp import MllpFeeds
from kinbridge.sources.pds import Pds
from kinbridge.sources.sql import ReportingCopies
from kinbridge.sources.subscriptions import FhirSubscriptions
from kinbridge.sources.terms import SourceName
from kinbridge_casesystem.port import AdapterName
from kinbridge_fhir.feed import LocalCodes
from kinbridge_schemas.base import Value


class Sources(Value):
    """Every source that is fetched or listened to. What is not named does not run.

    `strict` names feeds, of here or of the file of keys, whose FHIR is also validated whole. It
    costs some hundred times what reading costs: it is for getting to know a sender. `codes` are
    a feed's own codes in FHIR, by its name; those of HL7 v2 stand with the feed. `adapters` are
    those of others' packages that may run: each reads the route `x-` and its name. `extracts`
    are mapping files; one counts for a system's uploads and for its folders.
    """

    mesh: Mailboxes = ()
    mllp: MllpFeeds = ()
    care: CareServers = ()
    pds: Pds | None = None
    subscriptions: FhirSubscriptions = ()
    strict: frozenset[SourceName] = frozenset()
    codes: dict[SourceName, LocalCodes] = Field(default_factory=dict)
    adapters: Annotated[tuple[AdapterName, ...], Field(max_length=32)] = ()
    extracts: Extracts = ()
    folders: WatchedFolders = ()
    sql: ReportingCopies = ()
    eclipse: EclipseSystems = ()

    @model_validator(mode="after")
    def _extracts_are_mapped(self) -> Self:
        mapped = {each.source for each in self.extracts}
        for each in self.folders:
            if each.kind == "case-extract" and each.source not in mapped:
                raise ValueError(f"folders: there is no mapping file for {each.source}")
        with_tables = {m.source for m in self.extracts if any(t.table for t in m.tables)}
        for copy in self.sql:
            if copy.source not in with_tables:
                raise ValueError(f"sql: no mapping file names tables of {copy.source}")
        return self
