"""Files of case systems: watched folders, and the mapping files of extracts.

A load is one file, a `.zip` of files that belong together, or a folder of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kinbridge.sources.terms import SettingName
from kinbridge_casesystem.extract_model import ExtractMapping
from kinbridge_schemas.base import Value
from kinbridge_schemas.mapped import CaseSource

FileKind = Literal["cin-census", "ssda903", "annex-a", "case-extract"]
"""The formats of files, by the route of what they are cut into."""


def _distinct_systems(given: tuple[ExtractMapping, ...]) -> tuple[ExtractMapping, ...]:
    if len({each.source for each in given}) < len(given):
        raise ValueError("two mapping files are of one system")
    return given


Extracts = Annotated[
    tuple[ExtractMapping, ...], Field(max_length=64), AfterValidator(_distinct_systems)
]
"""The mapping files; in the file of sources each is a path, from that file's own folder on."""


class WatchedFolder(Value):
    """A folder that a case system, or a transfer, puts files into.

    `folder_setting` holds its path; `source` is the case system, as `209.liquidlogic`. A load
    is complete once it is the same in two looks and, with `complete_by: marker`, once an
    empty file with its name and `.done` lies beside it; with `rename` the sender writes it
    under another name (a dot before it, `.part` or `.tmp` after it) and then renames it.
    `complete_days` says that every load tells all of as many days, for formats that do not
    say so themselves. `expect_within` is how long there may be silence before operations are
    told. `max_bytes` is of one load, unpacked.
    """

    source: CaseSource
    kind: FileKind
    folder_setting: SettingName
    complete_by: Literal["rename", "marker"] = "rename"
    look_every: Annotated[timedelta, Field(ge=timedelta(seconds=1), le=timedelta(hours=1))] = (
        timedelta(seconds=30)
    )
    complete_days: Annotated[int, Field(ge=1, le=4000)] | None = None
    expect_within: Annotated[timedelta, Field(ge=timedelta(hours=1))] = timedelta(hours=50)
    max_bytes: Annotated[int, Field(ge=1_000, le=16_000_000_000)] = 2_000_000_000


def _distinct(given: tuple[WatchedFolder, ...]) -> tuple[WatchedFolder, ...]:
    if len({each.folder_setting for each in given}) < len(given):
        raise ValueError("two sources watch one folder")
    return given


WatchedFolders = Annotated[
    tuple[WatchedFolder, ...], Field(max_length=64), AfterValidator(_distinct)
]
"""Each is looked at by itself: a large load of one keeps no other waiting."""
