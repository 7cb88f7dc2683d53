"""What all answers of the Personal Demographics Service have in common: whom, and which account.

Everything is told of the number that was asked about, which is the one on the child's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import SubjectKey
from kinbridge_schemas.mapped import Given
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import PDS, Answer, DemographicsWanted, unframed
from kinbridge_schemas.vocabulary import Occurred, Precision, Version

MAPPING_VERSION: Final = "pds-1"
"""Raised whenever a table or a rule of these adapters changes."""

Act = Literal["assert", "retract"]

_DIGITS: Final = 9
# PDS numbers its versions and dates none of them: the number alone is compared.
_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)


def answer_of(received: Received, step: str) -> tuple[Answer, bytes]:
    """Give an answer to a question about demographics. Raises UnreadableError for any other."""
    answer, content = unframed(received.content)
    if answer.step != step or not isinstance(answer.wanted, DemographicsWanted):
        raise UnreadableError("answer-to-another-question", "answer.step")
    return answer, content


def version_of(answer: Answer, said: str | None, given: Given) -> Version:
    """Give PDS's version of the record: by the ETag, else by what the record says of itself."""
    number = answer.version or _number(said or "")
    return Version(number=number, updated=_UNDATED if number else given.now)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


@dataclass(frozen=True, slots=True)
class Account:
    """What is told of somebody in one answer.

    `asked` is the key of the number that was asked about, `about` that of the record found.
    """

    answer: Answer
    given: Given
    version: Version
    asked: SubjectKey
    about: SubjectKey

    @property
    def unknown(self) -> Occurred:
        """When it became so is not said: seen now."""
        return Occurred(at=self.given.now, precision=Precision.UNKNOWN)

    def asked_about(self, born: datetime | None = None) -> Subject:
        answer = self.answer
        return Subject(
            role=answer.relation, key=self.asked, nhs_number=answer.nhs_number, born=born
        )

    def fact(self, word: str, *more: str) -> Id:
        return derive_id("fact", word, self.about, PDS, *more)

    def event(
        self,
        fact: Id,
        occurred: Occurred,
        detail: Detail,
        *subjects: Subject,
        act: Act = "assert",
    ) -> ChildEvent:
        """Give an event. What was told before in the same words has the same id."""
        known = occurred.precision is not Precision.UNKNOWN
        when = occurred.at.isoformat() + occurred.precision if known else ""
        told = f"{when}{detail.model_dump_json()}".encode()
        return ChildEvent(
            id=event_id(fact, self.version, act, self.given.pseudonymiser.fingerprint(told)),
            fact=fact,
            version=self.version,
            act=act,
            occurred=occurred,
            observed=self.given.now,
            source=self.answer.destination,
            subjects=subjects,
            detail=detail,
        )
