"""The adapter of the route `fhir-search`: what a provider's server gave when it was asked.

Its resources go through the same mappings as those of a message, under the same name of the
source, so that what was fetched and what was sent of one appointment are one fact. Beside them
one event says how the question ended: that nothing came is not that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from kinbridge_fhir.codes import MAPPING_VERSION
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.feed import NO_CODES, LocalCodes, MappingByFeed
from kinbridge_fhir.resources import facts_of
from kinbridge_fhir.search_pages import Page, believed, nobody_found, pages_of
from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.events.knowledge import CareRetrieved
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import Answer, CareWanted, unframed
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus, Occurred, Role, Version

Step = Literal["appointments", "encounters"]

SEARCHED: Final[dict[str, tuple[Step, str]]] = {
    "Appointment": ("appointments", "Appointment"),
    "Encounter": ("encounters", "Encounter"),
}
_KINDS: Final[dict[str, tuple[Step, str]]] = {
    step: (step, kind) for step, kind in SEARCHED.values()
}
_ANOTHER: Final = "another-patient"
_NOT_PERMITTED: Final = frozenset({401, 403})
_OWN_CARE: Final = (AppointmentRecorded, ChildNotBrought)
"""Of an adult, and of a young mother who is a child herself, these are no care of a pregnancy."""


class FhirSearches(MappingByFeed[LocalCodes]):
    """Maps the answers of FHIR servers that were searched for care.

    `feeds` are local codes by server.
    """

    mapping = MAPPING_VERSION

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one answer. Raises UnreadableError where it is not said to what it is one.

        Where the server's own bytes cannot be read, that is an end of the question too.
        """
        answer, content = _as_meant(*unframed(received.content))
        step, kind = _KINDS.get(answer.step, (None, ""))
        if step is None or not isinstance(answer.wanted, CareWanted) or answer.child is None:
            raise UnreadableError("answer-to-another-question", "answer.step")
        try:
            pages = pages_of(answer, content)
        except UnreadableError as problem:
            end = parked(_of_answer(answer), problem.reason, "parked-unreadable")
            return _without_pages(answer, answer.wanted, step, end, received, given)
        codes = self._feeds.get(answer.destination, NO_CODES)
        facts = [fact for page in pages for fact in _facts(page, kind, answer, given, codes)]
        if not believed(pages):
            end = parked(_of_answer(answer), "search-not-as-asked")
            return _without_pages(answer, answer.wanted, step, end, received, given)
        others = sum(isinstance(fact, Ended) and fact.reason == _ANOTHER for fact in facts)
        retrieved = _retrieved(answer, answer.wanted, step, _found(answer, pages, kind, others))
        return Mapped(
            events=(
                *(fact for fact in facts if isinstance(fact, ChildEvent)),
                _told(answer, retrieved, given),
            ),
            ends=tuple(fact for fact in facts if isinstance(fact, Ended)),
            # No two answers are accounts of one record, so none contradicts another.
            version=received.id,
        )


def _facts(
    page: Page, kind: str, answer: Answer, given: Given, codes: LocalCodes
) -> Iterator[ChildEvent | Ended]:
    if _existence(answer):
        return  # it was only asked whether there is anything, whatever the server sent
    account = Account(page, answer.destination, given.pseudonymiser, given.now, codes)
    for resource in page.of_kind(kind):
        try:
            found = facts_of(account, [resource])
        except UnreadableError as problem:
            # The answer's end has to be said whatever one of its resources is like.
            name = account.fact(kind.lower(), resource)
            found = [parked(name, problem.reason, "parked-unreadable")]
        yield from (_of_asked(fact, answer) for fact in found)


def _of_asked(fact: ChildEvent | Ended, answer: Answer) -> ChildEvent | Ended:
    """Give a fact of the person who was asked about; anybody else's goes no further."""
    if isinstance(fact, Ended):
        return fact
    if fact.subjects[0].nhs_number != answer.nhs_number:
        return parked(fact.fact, _ANOTHER)
    # Of an adult only what belongs to the pregnancy, and arrivals: the rest is their own.
    if answer.relation is not Role.CHILD and isinstance(fact.detail, _OWN_CARE):
        return parked(fact.fact, "adult-care-not-used")
    return fact


# -- how the question ended


def _without_pages(
    answer: Answer,
    wanted: CareWanted,
    step: Step,
    end: Ended,
    received: Received,
    given: Given,
) -> Mapped:
    """Say that nothing came that can be used: it is awaited no more, and is not nothing."""
    retrieved = _retrieved(answer, wanted, step, (InputStatus.NO_RESPONSE, None, True))
    return Mapped(
        events=(_told(answer, retrieved, given),),
        ends=(end,),
        version=received.id,
    )


def _of_answer(answer: Answer) -> Id:
    return derive_id("fact", "answer", answer.retrieval, answer.step)


def _found(
    answer: Answer, pages: list[Page], kind: str, others: int
) -> tuple[InputStatus, int | None, bool]:
    """Give what came of it, how many there were, and whether that was all.

    `others` are of another patient: a server that gives them has not searched as it was asked.
    """
    if answer.end == "no-answer":
        refused = answer.status in _NOT_PERMITTED
        return (InputStatus.NOT_PERMITTED if refused else InputStatus.NO_RESPONSE), None, True
    if _existence(answer):
        if any(page.total or page.of_kind(kind) for page in pages):
            return InputStatus.DATA, None, True
        # A server that did not count has not said that there is nothing.
        counted = answer.end == "no-record" or any(
            page.total == 0 and not page.troubled for page in pages
        )
        return (InputStatus.NO_DATA if counted else InputStatus.NO_RESPONSE), None, True
    count = max(0, sum(len(page.of_kind(kind)) for page in pages) - others)
    # Fewer than the server counted were held back, or lie on pages that it did not name.
    known = max((page.total or 0 for page in pages), default=0)
    complete = not (pages and pages[-1].more) and known <= count + others
    if count:
        return InputStatus.DATA, count, complete
    # Nothing on the first pages of many, or somebody else in place of the patient, is no answer.
    certain = complete and not others and not any(page.troubled for page in pages)
    return (InputStatus.NO_DATA if certain else InputStatus.NO_RESPONSE), count, complete


def _as_meant(answer: Answer, content: bytes) -> tuple[Answer, bytes]:
    """Take a 404 for no answer, unless it says that somebody was not found.

    A search that finds nothing is answered with an empty Bundle. A 404 may mean that the
    patient is unknown there, or that this is no place where such a thing is searched for.
    """
    if answer.end != "no-record" or nobody_found(content):
        return answer, content
    return answer.model_copy(update={"end": "no-answer"}), b""


def _existence(answer: Answer) -> bool:
    wanted = answer.wanted
    return isinstance(wanted, CareWanted) and wanted.tier is DisclosureTier.EXISTENCE


def _retrieved(
    answer: Answer,
    wanted: CareWanted,
    step: Step,
    found: tuple[InputStatus, int | None, bool],
) -> CareRetrieved:
    status, count, complete = found
    return CareRetrieved(
        retrieval=answer.retrieval,
        server=answer.destination,
        asked_for=step,
        of=answer.relation,
        why=answer.why,
        status=status,
        since=wanted.since,
        count=count,
        complete=complete,
    )


def _told(answer: Answer, retrieved: CareRetrieved, given: Given) -> ChildEvent:
    fact = derive_id("fact", "care", answer.retrieval, answer.step)
    version = Version(updated=given.now)
    child = answer.child or ""
    key = given.pseudonymiser.of_source_record("child", child)
    return ChildEvent(
        id=event_id(fact, version, "assert"),
        fact=fact,
        version=version,
        occurred=Occurred(at=given.now),
        observed=given.now,
        source=answer.destination,
        authority=answer.authority,
        subjects=(Subject(role=Role.CHILD, key=key, child=child),),
        detail=retrieved,
    )
