"""Whole files taken in as intake and mapping do: cut, and each part told by difference."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kinbridge_casesystem.cutting import Loading, Progress, SourceFile, unheard
from kinbridge_casesystem.differ import Reader
from kinbridge_casesystem.formats import FORMATS, count
from kinbridge_casesystem.quality import Report, Tally
from kinbridge_casesystem.records import Part
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Remembered
from tests.adapters.mapping import NOW, map_one

Files = Mapping[str, bytes]


def source_files(files: Files) -> list[SourceFile]:
    return [SourceFile(name, io.BytesIO(b), len(b)) for name, b in files.items()]


def parts(
    route: str, files: Files, since: date | None = None, progress: Progress = unheard
) -> list[Part]:
    return list(FORMATS[route].cut(source_files(files), Loading(since), progress))


def judged(read: Reader, found: Iterable[Part], now: datetime = NOW) -> Report:
    """Give the data quality of parts, as a load's report says it."""
    tally = Tally()
    for part in found:
        count(tally, read, part, now)
    return tally.report()


def report(route: str, files: Files, now: datetime = NOW) -> Report:
    return judged(FORMATS[route].read, parts(route, files), now)


@dataclass
class Loads:
    """One feed whose files come one after the other, an hour apart."""

    route: str
    since: date | None = None
    now: datetime = NOW
    remembered: dict[str, Remembered] = field(default_factory=dict)

    def take(self, files: Files) -> list[ChildEvent]:
        """Give what a load tells, in the order of children's ids."""
        told: list[ChildEvent] = []
        kind = FORMATS[self.route].content_type
        for part in sorted(parts(self.route, files, self.since), key=lambda p: p.id):
            before = self.remembered.get(part.id, Remembered())
            mapped = map_one(self.route, part.content, kind, remembered=before, now=self.now)
            assert mapped.events or mapped.ends, "a part ended nowhere"
            self.remembered[part.id] = mapped.remember
            told += mapped.events
        self.now += timedelta(hours=1)
        return told


def kinds(events: list[ChildEvent]) -> list[tuple[str, str]]:
    return sorted((e.act, e.detail.kind) for e in events)


def shuffled_lines(content: bytes, seed: int) -> bytes:
    """Give a table with its rows in another order."""
    header, *rows = content.splitlines(keepends=True)
    return header + b"".join(random.Random(seed).sample(rows, len(rows)))


CENSUS: Final = (
    "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year>"
    "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>"
    "<Source><LEA>209</LEA><DateTime>2026-04-02T10:00:00</DateTime></Source></Header>"
    "<Children>{children}</Children></Message>"
)


def census(*children: str) -> bytes:
    return CENSUS.format(children="\n".join(children)).encode()


def census_child(own: str, *details: str, born: str = "2019-09-01") -> str:
    return (
        f"<Child><ChildIdentifiers><LAchildID>{own}</LAchildID>"
        f"<PersonBirthDate>{born}</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>"
        + "".join(f"<CINdetails>{text}</CINdetails>" for text in details)
        + "</Child>"
    )


def referral(day: str = "2025-12-01", more: str = "") -> str:
    return (
        f"<CINreferralDate>{day}</CINreferralDate><ReferralSource>3B</ReferralSource>"
        f"{more}<ReferralNFA>0</ReferralNFA>"
    )


def enquiry(day: str, conference: str = "", unneeded: str = "false") -> str:
    held = f"<DateOfInitialCPC>{conference}</DateOfInitialCPC>" if conference else ""
    return (
        f"<Section47><S47ActualStartDate>{day}</S47ActualStartDate>{held}"
        f"<ICPCnotRequired>{unneeded}</ICPCnotRequired></Section47>"
    )


def plan(day: str, end: str = "", category: str = "NEG") -> str:
    ended = f"<CPPendDate>{end}</CPPendDate>" if end else ""
    return (
        f"<ChildProtectionPlans><CPPstartDate>{day}</CPPstartDate>{ended}"
        f"<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>"
        f"<LatestCategoryOfAbuse>{category}</LatestCategoryOfAbuse>"
        f"<NumberOfPreviousCPP>0</NumberOfPreviousCPP></ChildProtectionPlans>"
    )
