"""Which question a destination is asked next, and what an answer or its absence means. Pure.

One attempt is on its way at a time. A question that fails makes room for the others, so that
one person whose record cannot be read holds up nobody else. A question ends with an answer, or
with the word that there was none: it is never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from kinbridge.retrieval.pace import Pace
from kinbridge.retrieval.schedule import LONGEST, LONGEST_OF_ALL, pause, wished
from kinbridge.retrieval.state import Errand, Question, Queue
from kinbridge.retrieval.steps import steps_of
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.retrieval import (
    Answer,
    CareWanted,
    DemographicsWanted,
    Retrieval,
    Retrieved,
    Step,
)

End = Literal["answered", "no-record", "no-answer"]

FIRST: Final = frozenset({"signal", "strategy-discussion", "section-47"})
"""Reasons that go before all others: somebody waits, or a restriction may have been set."""

NOT_CONFIGURED: Final = "destination-not-configured"


@dataclass(frozen=True, slots=True)
class Ended:
    """One step that reached its end, with the bytes of the answer if there are any."""

    answer: Answer
    content: bytes = b""


@dataclass(slots=True)
class Turn:
    """One record of one destination: the queue as it becomes, and what ended.

    `pace` is None for a destination that the file of sources does not name any more.
    """

    queue: Queue
    pace: Pace | None
    now: datetime
    ended: list[Ended] = field(default_factory=list)

    def asked(self, new: Retrieval) -> str:
        """Take in a question. The same person asked about twice while waiting is one question."""
        if new.calls_back is not None:
            return self._called_back(new.calls_back)
        if any(q.asked.id == new.id for q in self.queue.questions):
            return "question-repeated"
        question = Question(asked=new, steps=steps_of(new))
        same = next((q for q in self.queue.questions if self._is_same(q, new)), None)
        if same is not None and (new.why not in FIRST or same.asked.why in FIRST):
            self._replace(same, _merged(same, new))
        else:
            if same is not None:
                self._replace(same, None)
                question = _merged(same, new)
            self._put(question)
        self.go_on()
        return "merged" if same is not None else "queued"

    def answered(self, outcome: Retrieved) -> str:
        """Take in what came of an attempt."""
        if self.pace is not None:
            # A request that was made counts, whether or not it is waited for any more.
            owed = self.pace.charged(self.queue.owed, outcome.attempted)
            self.queue = self.queue.model_copy(update={"owed": owed})
        question = next((q for q in self.queue.questions if _awaits(q, outcome)), None)
        if question is None:
            self.go_on()
            return "attempt-not-awaited"
        self.queue = self.queue.model_copy(update={"on_its_way": None})
        reason = self._came(question, outcome)
        self.go_on()
        return reason

    def go_on(self) -> None:
        """Choose what the agent does next. An attempt that may be under way stays."""
        if self.pace is None:
            self._give_up_all()
            return
        errand = self.queue.on_its_way
        if errand is not None and errand.due <= self.now:
            return
        start = self.pace.allowed(self.queue.owed, self.now)
        start = max(start, self.queue.not_before or start)
        chosen = self._first_from(start)
        if chosen is not None:
            due = max(start, chosen.not_before or start)
            errand = Errand(
                asked=chosen.asked, step=chosen.steps[0], number=chosen.tries + 1, due=due
            )
        self.queue = self.queue.model_copy(
            update={"on_its_way": errand if chosen is not None else None}
        )

    def _first_from(self, start: datetime) -> Question | None:
        """Give the question that may be asked earliest from then on, the first of equals."""
        earliest: Question | None = None
        for question in self.queue.questions:
            if question.not_before is None or question.not_before <= start:
                return question
            if earliest is None or question.not_before < (earliest.not_before or start):
                earliest = question
        return earliest

    def _called_back(self, name: Id) -> str:
        """Take a question out. What comes of an attempt that is under way is not awaited."""
        question = next((q for q in self.queue.questions if q.asked.id == name), None)
        if question is None:
            return "not-waiting"
        self._replace(question, None)
        errand = self.queue.on_its_way
        if errand is not None and errand.asked.id == name:
            self.queue = self.queue.model_copy(update={"on_its_way": None})
        self.go_on()
        return "called-back"

    # -- ends

    def _came(self, question: Question, outcome: Retrieved) -> str:
        match outcome.outcome:
            case "answered" | "no-record" as end:
                self._end(question, outcome.step, end, outcome)
                self._destination(0, None)
                # Whoever PDS does not know has no relations there. Of searches each has its end.
                nobody = isinstance(question.asked.wanted, DemographicsWanted)
                self._next_step(question, last=nobody and end == "no-record")
                return end
            case "refused" if isinstance(question.asked.wanted, CareWanted):
                # A server may refuse one kind of resource and give another.
                self._end(question, outcome.step, "no-answer", outcome)
                self._destination(0, None)
                self._next_step(question, last=False)
                return "no-answer"
            case "refused":
                self._destination(0, None)
                return self._give_up(question, outcome)
            case "try-later":
                return self._tried(question, outcome)

    def _tried(self, question: Question, outcome: Retrieved) -> str:
        at, failures = outcome.attempted, self.queue.failures + 1
        rest = pause(outcome.destination, failures, LONGEST_OF_ALL)
        rest = max(rest, wished(outcome.after_seconds))
        self._destination(failures, at + rest)
        first = question.first or at
        if self.pace is not None and at - first >= self.pace.within:
            return self._give_up(question, outcome)
        tries = question.tries + 1
        again = {
            "tries": tries,
            "first": first,
            "not_before": at + pause(question.asked.id, tries, LONGEST),
        }
        others = tuple(q for q in self.queue.questions if q is not question)
        # At the end of the queue: it comes when its pause is over and it is its turn.
        behind = (*others, question.model_copy(update=again))
        self.queue = self.queue.model_copy(update={"questions": behind})
        return "try-later"

    def _give_up(self, question: Question, outcome: Retrieved | None) -> str:
        for step in question.steps:
            self._end(question, step, "no-answer", outcome)
        self._replace(question, None)
        return "no-answer"

    def _give_up_all(self) -> None:
        for question in self.queue.questions:
            self._give_up(question, None)
        self.queue = self.queue.model_copy(update={"on_its_way": None})

    def _next_step(self, question: Question, *, last: bool) -> None:
        rest = () if last else question.steps[1:]
        self._replace(question, Question(asked=question.asked, steps=rest) if rest else None)

    def _end(self, question: Question, step: Step, end: End, outcome: Retrieved | None) -> None:
        asked = question.asked
        self.ended.append(
            Ended(
                Answer(
                    retrieval=asked.id,
                    destination=asked.destination,
                    step=step,
                    wanted=asked.wanted,
                    nhs_number=asked.nhs_number,
                    person=asked.person,
                    relation=asked.relation,
                    child=asked.child,
                    authority=asked.authority,
                    why=asked.why,
                    end=end,
                    reason=outcome.reason if outcome else NOT_CONFIGURED,
                    status=outcome.status if outcome else 0,
                    version=outcome.version if outcome else 0,
                    content_type=outcome.content_type if outcome else "",
                ),
                outcome.content if outcome and end != "no-answer" else b"",
            )
        )

    # -- the queue

    def _is_same(self, question: Question, new: Retrieval) -> bool:
        """Whether a waiting question will answer the new one too.

        One that was begun may have been answered already, from before the reason to ask again.
        """
        if question.asked.person != new.person:
            return False
        on_its_way = self.queue.on_its_way
        begun = on_its_way is not None and on_its_way.asked.id == question.asked.id
        both = isinstance(question.asked.wanted, DemographicsWanted) and isinstance(
            new.wanted, DemographicsWanted
        )
        whole = question.steps[0] == steps_of(question.asked)[0]
        return both and whole and not begun

    def _put(self, question: Question) -> None:
        known = self.queue.questions
        place = len(known)
        if question.asked.why in FIRST:
            place = next((n for n, q in enumerate(known) if q.asked.why not in FIRST), place)
        self.queue = self.queue.model_copy(
            update={"questions": (*known[:place], question, *known[place:])}
        )

    def _replace(self, old: Question, new: Question | None) -> None:
        kept = ((new if q is old else q) for q in self.queue.questions)
        left = tuple(q for q in kept if q is not None)
        self.queue = self.queue.model_copy(update={"questions": left})

    def _destination(self, failures: int, not_before: datetime | None) -> None:
        update = {"failures": failures, "not_before": not_before}
        self.queue = self.queue.model_copy(update=update)


def _merged(old: Question, new: Retrieval) -> Question:
    asked = old.asked
    related = _related(asked) or _related(new)
    wanted = DemographicsWanted(related=related)
    why: Code = new.why if new.why in FIRST else asked.why
    # Relatives are wanted of a child only, who may be somebody's mother on another record.
    relation = asked.relation if _related(asked) or not _related(new) else new.relation
    asked = asked.model_copy(update={"wanted": wanted, "why": why, "relation": relation})
    return old.model_copy(update={"asked": asked, "steps": steps_of(asked)})


def _related(asked: Retrieval) -> bool:
    return isinstance(asked.wanted, DemographicsWanted) and asked.wanted.related


def _awaits(question: Question, outcome: Retrieved) -> bool:
    awaited = (question.asked.id, question.steps[0], question.tries + 1)
    return awaited == (outcome.retrieval, outcome.step, outcome.number)
