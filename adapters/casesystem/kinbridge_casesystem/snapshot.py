"""The adapter of the route `dfe-csc`: snapshots of a child, told as events by difference.

The previous snapshot is remembered as keyed hashes, ids and dates. What is new or different
becomes an event; what is the same says nothing. A field or object that is left out says
nothing either, because a full load and a delta cannot be told apart: an end is an end date, and
a removal is a `purge`. Order in lists does not matter. On a first load every fact keeps the day
that it took effect, which is what makes it history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from kinbridge_casesystem.claims import Claim, Scope, unique
from kinbridge_casesystem.port import CaseSource, person_name
from kinbridge_casesystem.snapshot_care import care_claims
from kinbridge_casesystem.snapshot_details import DETAILS, details_claims, postcode_mark
from kinbridge_casesystem.snapshot_episodes import episode_claims
from kinbridge_casesystem.snapshot_model import ToldChild, ToldEpisode
from kinbridge_schemas.base import Id
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.persons import AddressChanged, Purged
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import (
    Asserted,
    Ended,
    Given,
    Mapped,
    Remembered,
    authority_of,
)
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

MAPPING_VERSION: Final = "dfe-csc-1"


class ChildSnapshots:
    """Maps one child of the DfE Children's Social Care API. Holds nothing itself."""

    version = MAPPING_VERSION
    compares = True

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one child. Raises UnreadableError naming the field, as for a future date."""
        child = _read(received.content)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        telling = _Telling(case, child, given)
        if child.purge:
            return telling.purged()
        found = telling.difference()
        if found.events:
            return found
        known = bool(given.remembered.facts)
        end = Ended(
            fact=received.id,
            end="duplicate" if known else "parked-unsupported",
            reason="unchanged" if known else "message-without-facts",
        )
        return found.model_copy(update={"ends": (end,)})


@dataclass(slots=True)
class _Telling:
    """One comparison: what was remembered, what is claimed now, what there is to tell."""

    case: CaseSource
    child: ToldChild
    given: Given
    events: list[ChildEvent] = field(default_factory=list)

    @property
    def before(self) -> Remembered:
        return self.given.remembered

    @property
    def updated(self) -> datetime:
        # Two snapshots may carry one time of receipt: the later one still gets a later version.
        last = self.before.updated
        return max(self.given.now, last + timedelta(microseconds=1)) if last else self.given.now

    @property
    def scope(self) -> Scope:
        return Scope(self.case, self.child.la_child_id, self.given.now, self.before)

    def difference(self) -> Mapped:
        facts = dict(self.before.facts)
        claims, marks = self._claims()
        for fact in [*self._purged_facts(), *self._denied()]:
            if (known := facts.pop(fact, None)) is not None:
                self._tell(fact, known.occurred, known.detail, known.role, retract=True)
        for claim in claims:
            content = self._content(claim)
            known = facts.get(claim.fact)
            if known is not None and (known.content, known.within) == (content, claim.within):
                continue
            # An object that only moved to another episode is the same fact in another place.
            if known is None or known.content != content:
                self._tell(claim.fact, claim.occurred, claim.detail, self._role)
            facts[claim.fact] = Asserted(
                content=content,
                within=claim.within,
                role=self._role,
                occurred=claim.occurred,
                detail=_without_identifiers(claim.detail),
            )
        told = self.updated if self.events else self.before.updated
        remember = Remembered(facts=facts, marks=marks, updated=told)
        return Mapped(events=tuple(self.events), remember=remember)

    def purged(self) -> Mapped:
        for fact, known in self.before.facts.items():
            self._tell(fact, known.occurred, known.detail, known.role, retract=True)
        occurred = Occurred(at=self.given.now, precision=Precision.UNKNOWN)
        self._tell(self.scope.fact("purged"), occurred, Purged(scope="child"), self._role)
        return Mapped(events=tuple(self.events), remember=Remembered(updated=self.updated))

    def _claims(self) -> tuple[list[Claim], dict[str, str]]:
        scope, marks = self.scope, dict(self.before.marks)
        claims: list[Claim] = []
        details = self.child.child_details
        if details is not None and not details.purge:
            claims += details_claims(scope, details)
            marks["role"] = self._role.value
            if details.postcode:
                marks["postcode"] = postcode_mark(scope, details.postcode)
        episodes = self.child.social_care_episodes
        unique([e.social_care_episode_id for e in episodes], "social_care_episodes")
        for index, episode in enumerate(episodes):
            if not episode.purge:
                inner = scope.inside("episode", episode.social_care_episode_id)
                claims += episode_claims(inner, episode, f"social_care_episodes[{index}]")
        placed, period = care_claims(scope, episodes)
        if period:
            marks["care"] = period
        claims += placed
        unique([claim.fact for claim in claims], "social_care_episodes")
        return claims, marks

    def _purged_facts(self) -> Iterator[Id]:
        gone = set(self._purged_objects())
        yield from (f for f, known in self.before.facts.items() if gone & set(known.within))

    def _purged_objects(self) -> Iterator[Id]:
        scope, details = self.scope, self.child.child_details
        if details is not None and details.purge:
            yield scope.object(DETAILS, "")
        for episode in self.child.social_care_episodes:
            if episode.purge:
                yield scope.object("episode", episode.social_care_episode_id)
            yield from _purged_within(scope, episode)

    def _denied(self) -> Iterator[Id]:
        # The one field of the API that takes something back by saying no.
        for episode in self.child.social_care_episodes:
            if episode.referral_no_further_action_flag is False:
                yield self.scope.fact("no-action", episode.social_care_episode_id)

    @property
    def _role(self) -> Role:
        details = self.child.child_details
        if details is None or details.purge:
            return Role(self.before.marks.get("role", Role.CHILD.value))
        unborn = bool(details.expected_date_of_birth) and not details.date_of_birth
        return Role.UNBORN if unborn else Role.CHILD

    def _subject(self, role: Role) -> Subject:
        details, own = self.child.child_details, LaChildId(self.child.la_child_id)
        if details is None or details.purge:
            return self.case.subject(role, own)
        born = self.scope.on(details.date_of_birth, "child_details.date_of_birth")
        name = person_name(f"{details.first_name or ''} {details.surname or ''}")
        return self.case.subject(role, own, None, name, born.at if born is not None else None)

    def _tell(
        self, fact: Id, occurred: Occurred, detail: Detail, role: Role, *, retract: bool = False
    ) -> None:
        version = Version(updated=self.updated)
        subjects = (self._subject(role),)
        self.events.append(
            self.case.event(
                fact, version, occurred, self.given.now, subjects, detail, retract=retract
            )
        )

    def _content(self, claim: Claim) -> str:
        # Without a date of its own a claim is the same whenever it is seen.
        dated = claim.occurred.precision is not Precision.UNKNOWN
        said = "|".join(
            (
                claim.detail.model_dump_json(),
                to_text(claim.occurred.at) if dated else "",
                claim.beside,
            )
        )
        return self.case.pseudonymiser.fingerprint(said.encode())


def _purged_within(scope: Scope, episode: ToldEpisode) -> Iterator[Id]:
    for assessment in episode.child_and_family_assessments:
        if assessment.purge:
            yield scope.object("assessment", assessment.child_and_family_assessment_id)
    for cin_plan in episode.child_in_need_plans:
        if cin_plan.purge:
            yield scope.object("cin-plan", cin_plan.child_in_need_plan_id)
    for enquiry in episode.section_47_assessments:
        if enquiry.purge:
            yield scope.object("s47", enquiry.section_47_assessment_id)
    for cp_plan in episode.child_protection_plans:
        if cp_plan.purge:
            yield scope.object("cp-plan", cp_plan.child_protection_plan_id)
    for placement in episode.child_looked_after_placements:
        if placement.purge:
            yield scope.object("placement", placement.child_looked_after_placement_id)
    if episode.adoption is not None and episode.adoption.purge:
        yield scope.object("adoption", episode.social_care_episode_id)


def _without_identifiers(detail: Detail) -> Detail:
    if isinstance(detail, AddressChanged):
        return AddressChanged()
    return detail


def _read(content: bytes) -> ToldChild:
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
