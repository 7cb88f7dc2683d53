"""The file of sources, closed and frozen. Each kind of source has a file of its own here.

Addresses and secrets are named by the setting that holds them and never stand in the file.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kinbridge.sources.care import CareServers
from kinbridge.sources.mesh import Mailboxes
from kinbridge.sources.mllp import MllpFeeds
from kinbridge.sources.pds import Pds
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
    those of others' packages that may run: each reads the route `x-` and its name.
    """

    mesh: Mailboxes = ()
    mllp: MllpFeeds = ()
    care: CareServers = ()
    pds: Pds | None = None
    subscriptions: FhirSubscriptions = ()
    strict: frozenset[SourceName] = frozenset()
    codes: dict[SourceName, LocalCodes] = Field(default_factory=dict)
    adapters: Annotated[tuple[AdapterName, ...], Field(max_length=32)] = ()
