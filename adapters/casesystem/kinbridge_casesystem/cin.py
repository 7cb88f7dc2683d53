"""The reader of the route `cin-census`: one child of the children in need census, 2022 to 2026.

The census names objects by nothing but their dates: an episode is its referral date, a plan the
day it began. So a corrected start is another object, and the old one is deleted: the census
tells all that was so from 1 April before its reference date. National tools disagree about the
order and the presence of elements; none is relied on. What is wrong with a field costs that
field and no more.

An enquiry's start is the day of the strategy discussion that began it, and its end is not told.
An unborn child has an expected date of birth and no other; RC2 then ends the pregnancy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree

from kinbridge_casesystem.child import (
    Assessment,
    ChildSnapshot,
    CinPlan,
    Conference,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Proceedings,
)
from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    FACTORS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)
from kinbridge_casesystem.cutting import Read
from kinbridge_casesystem.quality_rules import oddities
from kinbridge_casesystem.reading import Numbers, Reading, child_id_of
from kinbridge_casesystem.xml_file import text_of
from kinbridge_schemas.problems import UnreadableError

FEED: Final = "cin"
_UNKNOWN_SEX: Final = frozenset({"U", "0", "9", ""})


def read_cin(content: bytes, now: datetime) -> Read:
    """Read one message of one child. Raises UnreadableError."""
    try:
        message = etree.fromstring(
            content, etree.XMLParser(resolve_entities=False, no_network=True)
        )
    except etree.XMLSyntaxError:
        raise UnreadableError("xml-invalid") from None
    children = message.findall(".//{*}Child")
    if not children:
        raise UnreadableError("field-missing", "Child")
    where = "ChildIdentifiers.LAchildID"
    text = text_of(children[0].find(".//{*}LAchildID"))
    if not text:
        raise UnreadableError("field-missing", where)
    if any(text_of(other.find(".//{*}LAchildID")) != text for other in children):
        raise UnreadableError("children-differ", where)
    child = child_id_of(text)
    if child is None:
        raise UnreadableError("la-child-id-invalid", where)
    found = _Child(Reading(now), Numbers())
    snapshot = found.snapshot(child, message, children)
    findings = (*found.reading.found, *oddities(snapshot))
    return Read(snapshot, findings, found.reading.lasting)


@dataclass(slots=True)
class _Child:
    reading: Reading
    numbers: Numbers

    def snapshot(
        self, child: str, message: etree._Element, children: list[etree._Element]
    ) -> ChildSnapshot:
        as_of = self._as_of(message)
        told = [e for c in children for e in c.findall("{*}CINdetails")]
        episodes = tuple(self._episode(e) for e in _ordered(told))
        return ChildSnapshot(
            child=child,
            feed=FEED,
            complete_since=_first_day(as_of) if as_of else None,
            as_of=as_of,
            details=self._details(children[0]),
            episodes=episodes,
        )

    def _as_of(self, message: etree._Element) -> date | None:
        text = text_of(message.find(".//{*}ReferenceDate"))
        found = self.reading.stated_day(text, "Header.ReferenceDate")
        if found is None:
            self.reading.odd("field-missing", "Header.ReferenceDate")
        return found

    def _details(self, child: etree._Element) -> Details:
        where = "ChildIdentifiers"
        identifiers = child.find("{*}ChildIdentifiers")
        told = identifiers if identifiers is not None else child
        born = self._day(told, "PersonBirthDate", where)
        text = text_of(told.find("{*}ExpectedPersonBirthDate"))
        due = self.reading.any_day(text, f"{where}.ExpectedPersonBirthDate")
        unborn = due is not None and born is None
        sexes = [text_of(told.find(f"{{*}}{tag}")) for tag in ("Sex", "GenderCurrent")]
        if unborn and any(sex not in _UNKNOWN_SEX for sex in sexes):
            self.reading.odd("8750.unborn-with-sex", f"{where}.Sex")
        return Details(born=born, due=due)

    def _episode(self, told: etree._Element) -> Episode:
        where = "CINdetails"
        referred = self._day(told, "CINreferralDate", where)
        if referred is None and not text_of(told.find("{*}CINreferralDate")):
            self.reading.odd("field-missing", f"{where}.CINreferralDate")
        own, closed = self.numbers.id(_iso(referred)), self._day(told, "CINclosureDate", where)
        return Episode(
            id=own,
            referred=referred,
            source_code=self._code(told, "ReferralSource", where, REFERRAL_SOURCES, referred),
            primary_need=self._code(told, "PrimaryNeedCode", where, PRIMARY_NEEDS),
            no_further_action=self._flag(told, "ReferralNFA", where),
            closed=closed,
            closure_reason=self._code(told, "ReasonForClosure", where, CLOSURE_REASONS, closed),
            assessments=tuple(self._assessments(told, own)),
            cin_plans=tuple(self._cin_plans(told, own)),
            enquiries=tuple(self._enquiries(told, own)),
            conferences=tuple(self._conferences(told, own)),
            cp_plans=tuple(self._cp_plans(told, own)),
            proceedings=tuple(self._proceedings(told, own)),
        )

    def _assessments(self, told: etree._Element, episode: str) -> Iterator[Assessment]:
        where = "CINdetails.Assessments"
        for item in _each(told, "Assessments"):
            start = self._day(item, "AssessmentActualStartDate", where)
            done = self._day(item, "AssessmentAuthorisationDate", where)
            factors = [
                self.reading.code(text_of(f), FACTORS, f"{where}.AssessmentFactors")
                for f in item.iter("{*}AssessmentFactors")
            ]
            yield Assessment(
                id=self.numbers.id(episode, "assessment", _iso(start)),
                start=start,
                authorised=done,
                factors=tuple(sorted({f for f in factors if f})),
            )

    def _cin_plans(self, told: etree._Element, episode: str) -> Iterator[CinPlan]:
        where = "CINdetails.CINPlanDates"
        for item in _each(told, "CINPlanDates"):
            start = self._day(item, "CINPlanStartDate", where)
            end = self._day(item, "CINPlanEndDate", where)
            yield CinPlan(id=self.numbers.id(episode, _iso(start)), start=start, end=end)

    def _enquiries(self, told: etree._Element, episode: str) -> Iterator[Enquiry]:
        where = "CINdetails.Section47"
        for item in _each(told, "Section47"):
            start = self._day(item, "S47ActualStartDate", where)
            text = text_of(item.find("{*}DateOfInitialCPC"))
            conference = self.reading.any_day(text, f"{where}.DateOfInitialCPC")
            unneeded = self._flag(item, "ICPCnotRequired", where)
            # There are three: not required; required and held; required and to come.
            if unneeded is None or (unneeded and conference is not None):
                self.reading.odd("s47-shape", f"{where}.ICPCnotRequired")
            yield Enquiry(
                id=self.numbers.id(episode, "s47", _iso(start)),
                start=start,
                conference_needed=None if unneeded is None else not unneeded,
                conference=conference,
            )

    def _conferences(self, told: etree._Element, episode: str) -> Iterator[Conference]:
        # Beside the enquiries it is the conference of a child who moved in on a plan.
        day = self._day(told, "DateOfInitialCPC", "CINdetails")
        held = {text_of(e) for e in told.findall("{*}Section47/{*}DateOfInitialCPC")}
        if day is not None and day.isoformat() not in {text[:10] for text in held}:
            yield Conference(id=f"{episode}|transfer|{day.isoformat()}", on=day)

    def _cp_plans(self, told: etree._Element, episode: str) -> Iterator[CpPlan]:
        where = "CINdetails.ChildProtectionPlans"
        for item in _each(told, "ChildProtectionPlans"):
            start = self._day(item, "CPPstartDate", where)
            reviews = [
                self.reading.day(text_of(e), f"{where}.CPPreviewDate")
                for e in item.iter("{*}CPPreviewDate")
            ]
            previous = text_of(item.find("{*}NumberOfPreviousCPP"))
            yield CpPlan(
                id=self.numbers.id(episode, "cpp", _iso(start)),
                start=start,
                end=self._day(item, "CPPendDate", where),
                category=self._code(item, "InitialCategoryOfAbuse", where, ABUSE_CATEGORIES),
                latest_category=self._code(item, "LatestCategoryOfAbuse", where, ABUSE_CATEGORIES),
                previous_plans=self.reading.count(previous, f"{where}.NumberOfPreviousCPP"),
                reviews=tuple(sorted(day for day in reviews if day)),
            )

    def _proceedings(self, told: etree._Element, episode: str) -> Iterator[Proceedings]:
        where = "CINdetails.PreProceedingsandFGDM"
        for item in _each(told, "PreProceedingsandFGDM"):
            began = self._day(item, "PPStartDate", where)
            letter = self._day(item, "LBPSentDate", where)
            yield Proceedings(
                id=self.numbers.id(episode, "pp", _iso(began or letter)),
                letter=letter or began,
                family_meeting_offered=bool(self._flag(item, "FGDMMeetingOffer", where)),
            )

    def _day(self, element: etree._Element, tag: str, where: str) -> date | None:
        return self.reading.day(text_of(element.find(f"{{*}}{tag}")), f"{where}.{tag}")

    def _flag(self, element: etree._Element, tag: str, where: str) -> bool | None:
        return self.reading.flag(text_of(element.find(f"{{*}}{tag}")), f"{where}.{tag}")

    def _code(
        self,
        element: etree._Element,
        tag: str,
        where: str,
        table: CodeTable,
        on: date | None = None,
    ) -> str | None:
        text = text_of(element.find(f"{{*}}{tag}"))
        return self.reading.code(text, table, f"{where}.{tag}", on)


def _first_day(as_of: date) -> date:
    # The census is of a year to 31 March.
    year = as_of.year - 1 if (as_of.month, as_of.day) <= (3, 31) else as_of.year
    return date(year, 4, 1)


def _each(told: etree._Element, tag: str) -> list[etree._Element]:
    return _ordered([e for e in told.findall(f"{{*}}{tag}") if len(e)])


def _ordered(items: list[etree._Element]) -> list[etree._Element]:
    """Order by content, without the spaces of the layout: the file's own order says nothing."""
    return sorted(items, key=_said)


def _said(item: etree._Element) -> list[str]:
    return sorted(f"{e.tag}={text_of(e)}" for e in item.iter())


def _iso(day: date | None) -> str:
    return day.isoformat() if day else "undated"
