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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.rules import (
    r1_missed_antenatal,
    r2_prebirth_assessment,
    r3_birth,
    r4_strategy_discussion,
    r5_health_not_invited,
    r7_unscheduled_care,
    r23_earliest_stage,
)
from kinbridge.rules.finding import Finding, Found, Rule
from kinbridge.rules.picture import Account, Picture
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.r13_corrections import facts_of, reason_of_absence
from kinbridge.rules.telling import Telling, tellings
from kinbridge.rules.view import Raises, View, unsettled
from kinbridge_schemas.concerns import RuleCode


@dataclass(frozen=True, slots=True)
class _Entry:
    rule: RuleCode
    find: Rule
    triggers: frozenset[str]
    raises: Raises | None = None
    """None for a rule of deadlines only."""

    def triggered(self, account: Account) -> bool:
        """Whether an account can by itself be what the rule is about."""
        if account.detail.kind not in self.triggers:
            return False
        return self.raises is None or self.raises(account)


_ENTRIES: Final = tuple(
    _Entry(rule, module.find, module.TRIGGERS, raises)
    for rule, module, raises in (
        ("R1", r1_missed_antenatal, r1_missed_antenatal.raises),
        ("R2", r2_prebirth_assessment, None),
        ("R3", r3_birth, r3_birth.raises),
        ("R4", r4_strategy_discussion, None),
        ("R5", r5_health_not_invited, None),
        ("R7", r7_unscheduled_care, r7_unscheduled_care.raises),
        ("R23", r23_earliest_stage, r23_earliest_stage.raises),
    )
)


def nothing_to_find(picture: Picture) -> bool:
    """Whether no rule has anything that it could be about: so it is for most events."""
    return not any(
        entry.triggered(account)
        for accounts in picture.facts.values()
        for account in accounts
        for entry in _BY_KIND.get(account.detail.kind, ())
    )


_BY_KIND: Final = {
    kind: tuple(entry for entry in _ENTRIES if kind in entry.triggers)
    for kind in frozenset[str]().union(*(entry.triggers for entry in _ENTRIES))
}


@dataclass(frozen=True, slots=True)
class Findings:
    """`holds`: what the rules find, by concern. `could`: what could have held since the step."""

    holds: dict[str, Telling]
    could: dict[str, Telling]
    look_at: datetime | None


def evaluate(
    portrait: Portrait, clock: datetime, policy: Partnership, heard: Mapping[str, RuleCode]
) -> Findings:
    """Evaluate every rule that has something to be about. Twice gives the same.

    `heard` names what was said, by what it is about, and the rule: of these the rules also say
    when they hold no longer.
    """
    view = portrait.view
    entries = _awake(view.picture, frozenset(heard.values()))
    could: dict[str, Telling] = {}
    for entry in entries:
        if entry.raises and _unheard(view, entry, heard) and unsettled(view.picture, entry.raises):
            permissive = View(view.picture, view.record, entry.raises)
            could |= dict(_possible(portrait, entry.find(permissive, clock, policy), clock))
    view.heard = frozenset(heard).union(telling.finding.about for telling in could.values())
    found = [entry.find(view, clock, policy) for entry in entries]
    holds = {t.concern: t for f in found for x in f.findings for t in tellings(portrait, x)}
    looks = [f.look_at for f in found if f.look_at is not None]
    return Findings(holds, could, min(looks, default=None))


def _unheard(view: View, entry: _Entry, heard: Mapping[str, RuleCode]) -> bool:
    """Whether something may be found that nobody was told of: only that could have been said."""
    return entry.rule == "R3" or any(
        entry.triggered(account) and fact not in heard
        for fact, accounts in view.picture.facts.items()
        for account in accounts
    )


def _awake(picture: Picture, heard: frozenset[RuleCode]) -> list[_Entry]:
    triggered = {
        entry.rule
        for accounts in picture.facts.values()
        for account in accounts
        for entry in _BY_KIND.get(account.detail.kind, ())
        if entry.triggered(account)
    }
    return [entry for entry in _ENTRIES if entry.rule in triggered | heard]


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
