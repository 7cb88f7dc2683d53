"""All rules over one picture: what holds, what could have held, and when to look again. Pure.

**Why "could have held".** Between two steps of the clock facts come in any order. A miss that
is followed by its explanation is said and then taken back; the other way round it would never
be said. So that both orders say the same concerns and end alike, a concern that is disproved
is given as withdrawn, though it was never said, exactly where some order of what came since
the last step would have said it: where it would hold without what disproves it, and its time
to be said has come. What was disproved before the last step is not said in any order, and so
never. Absences (`deadline`) are first said only at a step, where there is one order only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.rules import (
    r1_missed_antenatal,
    r2_prebirth_assessment,
    r3_birth,
    r7_unscheduled_care,
    r23_earliest_stage,
)
from kinbridge.rules.finding import Finding, Found, Rule
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.r13_corrections import facts_of, reason_of_absence
from kinbridge.rules.telling import Telling, tellings
from kinbridge.rules.view import Raises, View, unsettled


@dataclass(frozen=True, slots=True)
class _Entry:
    find: Rule
    triggers: frozenset[str]
    raises: Raises | None = None
    """None for a rule of deadlines only."""


_ENTRIES: Final = (
    _Entry(r1_missed_antenatal.find, r1_missed_antenatal.TRIGGERS, r1_missed_antenatal.raises),
    _Entry(r2_prebirth_assessment.find, r2_prebirth_assessment.TRIGGERS),
    _Entry(r3_birth.find, r3_birth.TRIGGERS, r3_birth.raises),
    _Entry(r7_unscheduled_care.find, r7_unscheduled_care.TRIGGERS, r7_unscheduled_care.raises),
    _Entry(r23_earliest_stage.find, r23_earliest_stage.TRIGGERS, r23_earliest_stage.raises),
)


@dataclass(frozen=True, slots=True)
class Findings:
    """`holds`: what the rules find, by concern. `could`: what could have held since the step."""

    holds: dict[str, Telling]
    could: dict[str, Telling]
    look_at: datetime | None


def evaluate(
    portrait: Portrait, clock: datetime, policy: Partnership, heard: frozenset[str]
) -> Findings:
    """Evaluate every rule whose kinds of fact are there. Twice gives the same.

    `heard` names what was said: of these the rules also say when they hold no longer.
    """
    view = portrait.view
    kinds = {accounts[-1].detail.kind for accounts in view.picture.facts.values()}
    entries = [entry for entry in _ENTRIES if not kinds.isdisjoint(entry.triggers)]
    could: dict[str, Telling] = {}
    for entry in entries:
        if entry.raises and unsettled(view.picture, entry.raises):
            permissive = View(view.picture, view.record, entry.raises)
            could |= dict(_possible(portrait, entry.find(permissive, clock, policy), clock))
    view.heard = heard.union(telling.finding.about for telling in could.values())
    found = [entry.find(view, clock, policy) for entry in entries]
    holds = {t.concern: t for f in found for x in f.findings for t in tellings(portrait, x)}
    looks = [f.look_at for f in found if f.look_at is not None]
    return Findings(holds, could, min(looks, default=None))


def _possible(portrait: Portrait, found: Found, clock: datetime) -> Iterator[tuple[str, Telling]]:
    for finding in found.findings:
        if finding.status == "active" and due(finding, clock):
            for telling in tellings(portrait, finding):
                yield telling.concern, _disproved(portrait, telling)


def _disproved(portrait: Portrait, telling: Telling) -> Telling:
    finding = telling.finding
    rule, about = finding.rule, finding.about
    reason = reason_of_absence(portrait.view, telling.concern, rule, about)
    corrects = facts_of(portrait.view, rule, about)
    gone = replace(finding, status="withdrawn", reason=reason, facts=(), corrects=corrects)
    return replace(telling, finding=gone)


def due(finding: Finding, clock: datetime) -> bool:
    """Whether the time to say it has come."""
    return finding.say_at is None or finding.say_at <= clock
