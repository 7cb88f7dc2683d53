"""The reader of the route `dfe-csc`: one child of the DfE Children's Social Care API 1.0.1.

What the API says is read as its contract is written: a day that is no day, a day that lies
ahead or an unknown field makes the record unreadable, with the name of the field. A code that
is on no list is left out, and said. A full load and a delta cannot be told apart, so that what
is left out says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from pydantic import ValidationError

from kinbridge_casesystem.child import (
    Assessment,
    ChildSnapshot,
    CinPlan,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Placement,
    Purge,
    Worker,
)
from kinbridge_casesystem.claims import unique
from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_care import PLACEMENTS, START_REASONS
from kinbridge_casesystem.codes_cin import CLOSURE_REASONS, FACTORS, REFERRAL_SOURCES
from kinbridge_casesystem.cutting import Read
from kinbridge_casesystem.dfe_model import ToldChild, ToldDetails, ToldEpisode, ToldPlacement
from kinbridge_casesystem.quality_rules import oddities
from kinbridge_casesystem.reading import Reading
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_date, start_of

MAPPING_VERSION: Final = "dfe-csc-1"
EPISODES: Final = "social_care_episodes"

# Clocks of two systems differ, and a snapshot made at midnight is of the next day.
_AHEAD: Final = timedelta(days=1)


def read_dfe(content: bytes, now: datetime) -> Read:
    """Read one child. Raises UnreadableError naming the field, as for a future date."""
    child = _parsed(content)
    if child.purge:
        return Read(ChildSnapshot(child=child.la_child_id, purged=True))
    days = _Days(now, Reading(now))
    told = child.social_care_episodes
    details = child.child_details
    if details is not None and details.purge:
        details = None
    # In the order in which the fields stand, so that the first that is wrong is named.
    read_details = _details(days, details) if details is not None else None
    unique([e.social_care_episode_id for e in told], EPISODES)
    episodes = [
        _episode(days, episode, f"{EPISODES}[{index}]")
        for index, episode in enumerate(told)
        if not episode.purge
    ]
    snapshot = ChildSnapshot(
        child=child.la_child_id,
        details=read_details,
        episodes=tuple(episodes),
        placements=tuple(_placements(days, told)),
        purges=tuple(_purges(child)),
    )
    return Read(snapshot, (*days.reading.found, *oddities(snapshot)), days.lasting)


def _parsed(content: bytes) -> ToldChild:
    try:
        return ToldChild.model_validate_json(content)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise UnreadableError("json-invalid") from None
        raise UnreadableError("contract-broken", _path(first["loc"], first["type"])) from None


def _path(loc: tuple[int | str, ...], kind: str) -> str:
    # The last step of an unknown field is the sender's own word: it may hold anything.
    known = loc[:-1] if kind == "extra_forbidden" else loc
    shown = [str(part) for part in known]
    return ".".join([*shown, "?"] if kind == "extra_forbidden" else shown)


@dataclass(slots=True)
class _Days:
    now: datetime
    reading: Reading
    lasting: bool = True

    def code(
        self, text: str | None, table: CodeTable, path: str, on: date | None = None
    ) -> str | None:
        return self.reading.code(text, table, path, on)

    def past(self, text: str | None, path: str) -> date | None:
        found = self.any(text, path)
        if found is not None and start_of(found) > self.now + _AHEAD:
            raise UnreadableError("date-in-future", path)
        return found

    def any(self, text: str | None, path: str) -> date | None:
        found = read_date(text, path) if text else None
        if found is not None and start_of(found) > self.now:
            self.lasting = False
        return found


def _details(days: _Days, details: ToldDetails) -> Details:
    return Details(
        first_name=details.first_name,
        surname=details.surname,
        born=days.past(details.date_of_birth, "child_details.date_of_birth"),
        due=days.any(details.expected_date_of_birth, "child_details.expected_date_of_birth"),
        postcode=details.postcode,
    )


def _episode(days: _Days, episode: ToldEpisode, path: str) -> Episode:
    adoption = episode.adoption if episode.adoption and not episode.adoption.purge else None
    referred = days.past(episode.referral_date, f"{path}.referral_date")
    closed, source = days.past(episode.closure_date, f"{path}.closure_date"), "referral_source"
    reason = days.code(episode.closure_reason, CLOSURE_REASONS, "closure_reason", closed)
    return Episode(
        id=episode.social_care_episode_id,
        referred=referred,
        source_code=days.code(episode.referral_source, REFERRAL_SOURCES, source, referred),
        no_further_action=episode.referral_no_further_action_flag,
        closed=closed,
        closure_reason=reason,
        workers=_workers(days, episode, f"{path}.care_worker_details"),
        assessments=_assessments(days, episode, f"{path}.child_and_family_assessments"),
        cin_plans=_cin_plans(days, episode, f"{path}.child_in_need_plans"),
        enquiries=_enquiries(days, episode, f"{path}.section_47_assessments"),
        cp_plans=_cp_plans(days, episode, f"{path}.child_protection_plans"),
        adoption_placed=(
            days.past(adoption.placed_date, f"{path}.adoption.placed_date") if adoption else None
        ),
    )


def _workers(days: _Days, episode: ToldEpisode, path: str) -> tuple[Worker, ...]:
    named = [w for w in episode.care_worker_details if w.worker_id and w.start_date]
    unique([f"{w.worker_id}|{w.start_date}" for w in named], path)
    found = []
    for worker in named:
        start = days.past(worker.start_date, f"{path}.start_date")
        end = days.any(worker.end_date, f"{path}.end_date")
        if start is not None and worker.worker_id is not None:
            found.append(Worker(worker=worker.worker_id, start=start, end=end))
    return tuple(found)


def _assessments(days: _Days, episode: ToldEpisode, path: str) -> tuple[Assessment, ...]:
    told = episode.child_and_family_assessments
    unique([a.child_and_family_assessment_id for a in told], path)
    return tuple(
        Assessment(
            id=a.child_and_family_assessment_id,
            start=days.past(a.start_date, f"{path}[{n}].start_date"),
            authorised=days.past(a.authorisation_date, f"{path}[{n}].authorisation_date"),
            factors=tuple(code for f in a.factors if (code := days.code(f, FACTORS, "factors"))),
        )
        for n, a in enumerate(told)
        if not a.purge
    )


def _cin_plans(days: _Days, episode: ToldEpisode, path: str) -> tuple[CinPlan, ...]:
    told = episode.child_in_need_plans
    unique([p.child_in_need_plan_id for p in told], path)
    return tuple(
        CinPlan(
            id=p.child_in_need_plan_id,
            start=days.past(p.start_date, f"{path}[{n}].start_date"),
            end=days.past(p.end_date, f"{path}[{n}].end_date"),
        )
        for n, p in enumerate(told)
        if not p.purge
    )


def _enquiries(days: _Days, episode: ToldEpisode, path: str) -> tuple[Enquiry, ...]:
    told = episode.section_47_assessments
    unique([e.section_47_assessment_id for e in told], path)
    return tuple(
        Enquiry(
            id=e.section_47_assessment_id,
            start=days.past(e.start_date, f"{path}[{n}].start_date"),
            conference_needed=e.icpc_required_flag,
            conference=days.any(e.icpc_date, f"{path}[{n}].icpc_date"),
            end=days.past(e.end_date, f"{path}[{n}].end_date"),
        )
        for n, e in enumerate(told)
        if not e.purge
    )


def _cp_plans(days: _Days, episode: ToldEpisode, path: str) -> tuple[CpPlan, ...]:
    told = episode.child_protection_plans
    unique([p.child_protection_plan_id for p in told], path)
    return tuple(
        CpPlan(
            id=p.child_protection_plan_id,
            start=days.past(p.start_date, f"{path}[{n}].start_date"),
            end=days.past(p.end_date, f"{path}[{n}].end_date"),
        )
        for n, p in enumerate(told)
        if not p.purge
    )


def _placements(days: _Days, episodes: tuple[ToldEpisode, ...]) -> Iterator[Placement]:
    found: list[Placement] = []
    for number, episode in enumerate(episodes):
        path = f"{EPISODES}[{number}].child_looked_after_placements"
        for index, placement in enumerate(episode.child_looked_after_placements):
            if episode.purge or placement.purge:
                continue
            read = _placement(days, placement, f"{path}[{index}]", episode)
            found += [read] if read is not None else []
    unique([placement.id for placement in found], EPISODES)
    yield from found


def _placement(
    days: _Days, placement: ToldPlacement, path: str, episode: ToldEpisode
) -> Placement | None:
    start = days.past(placement.start_date, f"{path}.start_date")
    if start is None:
        return None
    return Placement(
        id=placement.child_looked_after_placement_id,
        start=start,
        start_reason=days.code(placement.start_reason, START_REASONS, "start_reason"),
        kind=days.code(placement.placement_type, PLACEMENTS, "placement_type"),
        end=days.past(placement.end_date, f"{path}.end_date"),
        # An end by a reason that is on no list yet is an end all the same.
        end_reason=placement.end_reason,
        episode=episode.social_care_episode_id,
    )


_Kind = Literal["assessment", "cin-plan", "s47", "cp-plan", "placement"]


def _purges(child: ToldChild) -> Iterator[Purge]:
    if child.child_details is not None and child.child_details.purge:
        yield Purge(kind="details")
    for episode in child.social_care_episodes:
        own = episode.social_care_episode_id
        if episode.purge:
            yield Purge(kind="episode", id=own)
        for kind, gone in _purged_within(episode):
            yield Purge(kind=kind, id=gone)
        if episode.adoption is not None and episode.adoption.purge:
            yield Purge(kind="adoption", id=own)


def _purged_within(episode: ToldEpisode) -> Iterator[tuple[_Kind, str]]:
    for assessment in episode.child_and_family_assessments:
        if assessment.purge:
            yield "assessment", assessment.child_and_family_assessment_id
    for cin_plan in episode.child_in_need_plans:
        if cin_plan.purge:
            yield "cin-plan", cin_plan.child_in_need_plan_id
    for enquiry in episode.section_47_assessments:
        if enquiry.purge:
            yield "s47", enquiry.section_47_assessment_id
    for cp_plan in episode.child_protection_plans:
        if cp_plan.purge:
            yield "cp-plan", cp_plan.child_protection_plan_id
    for placement in episode.child_looked_after_placements:
        if placement.purge:
            yield "placement", placement.child_looked_after_placement_id
