"""The reader of the route `annex-a`: one child of the Annex A workbook (inspections of ILACS).

Its lists have no ids and are not tied to each other: a referral, an enquiry or a plan is named
by its date. Workers stand in it by their names, which the line does not carry, and so they are
left out. The lists cover months, each its own span, so that what is no longer there says nothing
unless the load says from which day on it is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kinbridge_casesystem.child import (
    Adoption,
    Assessment,
    AssessmentKind,
    ChildSnapshot,
    CinPlan,
    Contact,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Placement,
    Purge,
)
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)
from kinbridge_casesystem.cutting import ChildRows, Read, child_of, rows_of
from kinbridge_casesystem.quality_rules import oddities
from kinbridge_casesystem.reading import Numbers, Reading

FEED: Final = "annex-a"
_ON_A_PLAN: Final = "child in need plan"


def read_annex_a(content: bytes, now: datetime) -> Read:
    """Read one child's rows. Raises UnreadableError."""
    rows = rows_of(content)
    child = child_of(rows, "child")
    reading = Reading(now)
    snapshot = _Lists(rows, reading, Numbers()).snapshot(child)
    return Read(snapshot, (*reading.found, *oddities(snapshot)), reading.lasting)


@dataclass(frozen=True, slots=True)
class _Lists:
    rows: ChildRows
    reading: Reading
    numbers: Numbers

    def snapshot(self, child: str) -> ChildSnapshot:
        adoptions, withdrawn = self._adoptions()
        about, stated = self.rows.about, self.reading.stated_day
        return ChildSnapshot(
            child=child,
            feed=FEED,
            complete_since=stated(about.get("complete_since"), "complete_since"),
            as_of=stated(about.get("as_of"), "as_of"),
            details=self._details(),
            contacts=tuple(self._contacts()),
            episodes=self._episodes(),
            assessments=(
                *self._assessments(2, "early-help"),
                *self._assessments(4, "child-and-family"),
            ),
            cin_plans=tuple(self._cin_plans()),
            enquiries=tuple(self._enquiries()),
            cp_plans=tuple(self._cp_plans()),
            placements=tuple(p for row in self._of(8) for p in self._placements(row)),
            adoptions=adoptions,
            purges=withdrawn,
        )

    def _of(self, number: int) -> tuple[dict[str, str], ...]:
        return self.rows.tables.get(f"list_{number}", ())

    def _day(self, row: dict[str, str], number: int, name: str) -> date | None:
        return self.reading.day(row.get(name), f"list_{number}.{name}")

    def _details(self) -> Details | None:
        told = {r["born"] for rows in self.rows.tables.values() for r in rows if r.get("born")}
        days = {day for text in told if (day := self.reading.any_day(text, "born"))}
        if len(days) > 1:
            # Which one is right is unsaid, and a wrong one finds the wrong person.
            self.reading.odd("date-contradicted", "born")
        if len(days) != 1:
            return None
        day = days.pop()
        # The lists of some systems write the expected date of birth of an unborn child here.
        ahead = day > self.reading.now.date()
        return Details(due=day) if ahead else Details(born=day)

    def _contacts(self) -> Iterator[Contact]:
        for row in self._of(1):
            day = self._day(row, 1, "on")
            source = self.reading.code(row.get("source"), REFERRAL_SOURCES, "list_1.source")
            if day is not None:
                yield Contact(id=self.numbers.id("contact", str(day)), on=day, source_code=source)

    def _episodes(self) -> tuple[Episode, ...]:
        """Give an episode for each day of a referral or of a need that began."""
        needs = {day: row for row in self._of(6) if (day := self._day(row, 6, "start"))}
        found = []
        for row in self._of(3):
            day = self._day(row, 3, "referred")
            if day is not None:
                found.append(self._episode(day, row, needs.pop(day, {})))
        return (*found, *(self._episode(day, {}, row) for day, row in sorted(needs.items())))

    def _episode(self, day: date, referral: dict[str, str], need: dict[str, str]) -> Episode:
        source = referral.get("source")
        closed = self._day(need, 6, "closed")
        reason = self.reading.code(need.get("reason"), CLOSURE_REASONS, "list_6.reason")
        return Episode(
            id=self.numbers.id("episode", day.isoformat()),
            referred=day,
            source_code=self.reading.code(source, REFERRAL_SOURCES, "list_3.source"),
            primary_need=self.reading.code(need.get("need"), PRIMARY_NEEDS, "list_6.need"),
            no_further_action=self.reading.flag(referral.get("nfa"), "list_3.nfa"),
            closed=closed,
            closure_reason=reason if closed else None,
        )

    def _assessments(self, number: int, kind: AssessmentKind) -> Iterator[Assessment]:
        for row in self._of(number):
            start = self._day(row, number, "start")
            yield Assessment(
                id=self.numbers.id(kind, str(start)),
                start=start,
                authorised=self._day(row, number, "done"),
                of_kind=kind,
            )

    def _cin_plans(self) -> Iterator[CinPlan]:
        for row in self._of(6):
            start = self._day(row, 6, "start")
            if start is not None and _ON_A_PLAN in row.get("status", "").lower():
                yield CinPlan(id=self.numbers.id("cin", str(start)), start=start)

    def _enquiries(self) -> Iterator[Enquiry]:
        for row in self._of(5):
            start = self._day(row, 5, "start")
            unneeded = self.reading.flag(row.get("unneeded"), "list_5.unneeded")
            text = row.get("conference")
            yield Enquiry(
                id=self.numbers.id("s47", str(start)),
                start=start,
                conference_needed=None if unneeded is None else not unneeded,
                conference=self.reading.any_day(text, "list_5.conference"),
                plan_made=self.reading.flag(row.get("plan"), "list_5.plan"),
            )

    def _cp_plans(self) -> Iterator[CpPlan]:
        for row in self._of(7):
            start = self._day(row, 7, "start")
            review = self._day(row, 7, "review")
            category = self.reading.code(row.get("category"), ABUSE_CATEGORIES, "list_7.category")
            latest = self.reading.code(row.get("latest"), ABUSE_CATEGORIES, "list_7.latest")
            yield CpPlan(
                id=self.numbers.id("cpp", str(start)),
                start=start,
                end=self._day(row, 7, "end"),
                category=category,
                latest_category=latest,
                previous_plans=self.reading.count(row.get("previous"), "list_7.previous"),
                # Until the first review conference systems write the first conference here.
                reviews=(review,) if review and start and review > start else (),
            )

    def _placements(self, row: dict[str, str]) -> Iterator[Placement]:
        start, end = self._day(row, 8, "start"), self._day(row, 8, "end")
        placed = self._day(row, 8, "placed")
        if start is None:
            return
        kind = self.reading.code(row.get("kind"), PLACEMENTS, "list_8.kind")
        reason = (
            self.reading.code(row.get("reason"), END_REASONS, "list_8.reason") if end else None
        )
        legal = self.reading.code(row.get("status"), LEGAL_STATUSES, "list_8.status")
        # The status of the beginning is only known while it is still the current one.
        first = legal if self._day(row, 8, "status_from") == start else None
        own = self.numbers.id("care", start.isoformat())
        moved = placed is not None and placed > start
        yield Placement(
            id=own,
            start=start,
            start_reason="S",
            kind=None if moved else kind,
            legal_status=first,
            end=placed if moved else end,
            end_reason=None if moved else reason,
        )
        if moved and placed is not None:
            yield Placement(
                id=f"{own}|{placed.isoformat()}",
                start=placed,
                kind=kind,
                end=end,
                end_reason=reason,
            )

    def _adoptions(self) -> tuple[tuple[Adoption, ...], tuple[Purge, ...]]:
        found, gone = [], []
        for row in self._of(10):
            placed, order = self._day(row, 10, "placed"), self._day(row, 10, "order")
            if order is not None:
                own = f"order|{order.isoformat()}"
                found.append(Adoption(id=own, on=order, sign="adoption-order"))
            if placed is None:
                continue
            own = placed.isoformat()
            # A child who will not be adopted after all must be heard of again.
            if self._day(row, 10, "withdrawn") is not None and order is None:
                gone.append(Purge(kind="adoption", id=own))
            else:
                found.append(Adoption(id=own, on=placed, sign="placed-for-adoption"))
        return tuple(found), tuple(gone)
