"""What came of a story: which expected alerts arrived, when, and which did not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kinbridge.demo.story import Expected, Story
from kinbridge.demo.templates import Request
from kinbridge_schemas.alerts import AlertRevision, Item, TeamAlert
from kinbridge_schemas.identifiers import FamilyRef


@dataclass(frozen=True, slots=True)
class Arrival:
    """An alert as it was read from a team's topic, and when: seconds of the reader's clock."""

    alert: TeamAlert
    topic: str
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, the door's answer, and when it was there: seconds of the same clock."""

    request: Request
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One expectation and what met it, with milliseconds from the door's answer to the alert."""

    expected: Expected
    arrival: Arrival | None
    took_ms: float | None


@dataclass(frozen=True, slots=True)
class StepPlayed:
    """One step as it went. `broke` is what came of a step of which nothing was to come."""

    say: str
    answered: tuple[Answered, ...]
    heard: tuple[Heard, ...]
    broke: tuple[Arrival, ...] = ()
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """A whole story as it went. `also` came for the family without being expected."""

    story: Story
    steps: tuple[StepPlayed, ...]
    also: tuple[Arrival, ...]

    @property
    def heard(self) -> tuple[Heard, ...]:
        return tuple(h for step in self.steps for h in step.heard)

    @property
    def missing(self) -> tuple[Expected, ...]:
        return tuple(h.expected for h in self.heard if h.arrival is None)

    @property
    def as_expected(self) -> bool:
        return not self.missing and not any(step.broke for step in self.steps)


def meets(alert: TeamAlert, expected: Expected, authority: str) -> bool:
    """Whether a revision is the one that a story expects."""
    plain = (
        alert.arm == expected.team
        and alert.authority == authority
        and alert.reason == expected.reason
        and expected.team_code in {None, alert.team}
        and expected.urgency in {None, alert.urgency}
        and expected.state in {None, alert.state}
    )
    if not plain or alert.content is None:
        return plain and not (expected.new or expected.corrected or expected.active)
    content = alert.content
    return (
        _holds(_rules(_of(content, content.new)), expected.new)
        and _holds(_rules(_of(content, content.corrected)), expected.corrected)
        and (
            expected.active is None
            or _rules(i for i in content.items if i.concern.status == "active")
            == Counter(expected.active)
        )
    )


def names_from(alert: TeamAlert) -> Mapping[str, Any]:
    """Give what later steps may use of an alert: ids and references, and no more."""
    names: dict[str, Any] = {"alert": alert.alert, "family": alert.family}
    if alert.content is None:
        return names
    concerns = [item.concern for item in alert.content.items]
    requests = [c.asked.request_id for c in concerns if c.asked.request_id]
    return {
        **names,
        "child": concerns[-1].child,
        "facts": list(dict.fromkeys(f.fact for c in concerns for f in c.facts)),
        **({"request": requests[-1]} if requests else {}),
    }


def _of(content: AlertRevision, ids: Sequence[str]) -> Iterable[Item]:
    return (item for item in content.items if item.concern.concern in ids)


def _rules(items: Iterable[Item]) -> Counter[str]:
    return Counter(item.concern.rule for item in items)


def _holds(found: Counter[str], wanted: Sequence[str]) -> bool:
    return not Counter(wanted) - found


@dataclass(slots=True)
class Ledger:
    """What has come so far. A revision meets one expectation, and a repeat of it none.

    A story is of one family: the first alert that it meets says which. `others` are families
    of which something was said before the story began.
    """

    authority: str
    others: frozenset[FamilyRef] = frozenset()
    families: set[FamilyRef] = field(default_factory=set)
    waiting: list[Arrival] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def put(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            if arrival.alert.id not in self._seen:
                self._seen.add(arrival.alert.id)
                self.waiting.append(arrival)

    def take(self, expected: Expected) -> Arrival | None:
        """Give the first arrival that meets an expectation, once."""
        for arrival in self.waiting:
            alert = arrival.alert
            if self._is_ours(arrival) and meets(alert, expected, self.authority):
                self.waiting.remove(arrival)
                self.families.add(alert.family)
                return arrival
        return None

    def broken(self) -> tuple[Arrival, ...]:
        """Take what came, though nothing was to, of the story's family or of one not heard of."""
        found = tuple(
            a for a in self.waiting if self._is_ours(a) and a.alert.authority == self.authority
        )
        self.waiting = [a for a in self.waiting if a not in found]
        return found

    def rest(self) -> tuple[Arrival, ...]:
        """Give what came for the story's family and met nothing."""
        return tuple(a for a in self.waiting if a.alert.family in self.families)

    def _is_ours(self, arrival: Arrival) -> bool:
        family = arrival.alert.family
        return family in self.families or (not self.families and family not in self.others)
