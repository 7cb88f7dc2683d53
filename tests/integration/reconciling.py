"""Read the topics back, and see that every received record came to its end, once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.dispositions import Disposition
from tests.integration.line import RunningLine, headers

RECEIVED = ("received.nhs", "received.cases", "responses")
FACTS_IN_ANSWERS = (b'"verified-fact"', b'"health-input"')


@dataclass(slots=True)
class Ends:
    """What became of one received record: each set holds distinct ids."""

    events: set[str] = field(default_factory=set)
    linked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    mapped: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    repeats: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)

    @property
    def wrong(self) -> str:
        """Say what is wrong with it, or nothing."""
        if not (self.events or self.mapped or self.repeats or self.letters):
            return "it has no end"
        if self.letters and (self.events or self.mapped):
            return "it was read and is a dead letter too"
        if len(self.letters) > 1:
            return "it is two dead letters"
        if len(self.linked) != len(self.events):
            return f"{len(self.events)} events have {len(self.linked)} ends"
        several = [
            ends for ends in (*self.linked.values(), *self.mapped.values()) if len(ends) > 1
        ]
        return "a fact has two ends" if several else ""


@dataclass(frozen=True, slots=True)
class Sums:
    """What was received, by id, and every count that must agree."""

    records: dict[str, Ends]
    received: int
    dispositions: int
    letters: int

    @property
    def wrong(self) -> dict[str, str]:
        return {own: ends.wrong for own, ends in self.records.items() if ends.wrong}


def reconcile(line: RunningLine) -> Sums:
    """Give each received record with what became of it."""
    records: dict[str, Ends] = defaultdict(Ends)
    received = 0
    for topic in RECEIVED:
        for record in line.records(topic):
            received += 1
            # Of an answer only the fact in it goes on to an end; the rest is about an alert.
            value = record.value() or b""
            if topic != "responses" or any(fact in value for fact in FACTS_IN_ANSWERS):
                records[headers(record)["ce_id"].decode()].events |= set()
    for record in line.records("child-events"):
        head = headers(record)
        records[head["ce_causationid"].decode()].events.add(head["ce_id"].decode())
    dispositions = _put_dispositions(line, records)
    letters = _put_letters(line, records)
    return Sums(dict(records), received, dispositions, letters)


def _put_dispositions(line: RunningLine, records: dict[str, Ends]) -> int:
    distinct = {d.id: d for d in line.bodies("dispositions") if isinstance(d, Disposition)}
    for each in distinct.values():
        ends = records[each.message]
        if each.stage == "linking":
            ends.linked[each.fact].append(each.end)
        elif each.end == "duplicate":
            ends.repeats.add(each.id)
        else:
            ends.mapped[each.fact].append(each.end)
    return len(distinct)


def _put_letters(line: RunningLine, records: dict[str, Ends]) -> int:
    distinct = {d.id: d for d in line.bodies("dead-letters") if isinstance(d, DeadLetter)}
    for each in distinct.values():
        records[each.headers["ce_id"].decode()].letters.add(each.id)
    return len(distinct)
