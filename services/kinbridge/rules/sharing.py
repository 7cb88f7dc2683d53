"""What is said of one child, held back or taken back, and the record of each. Pure.

Gates are not disproofs. A closed case, a disclosure risk, a missing agreement or ground stop
what would be said next and take nothing back; facts on the two sides of a gate do not commute,
and must not. Every share, hold, refusal and withdrawal leaves a decision record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from kinbridge.partnership.model import Partnership
from kinbridge.rules.asking import ask, nothing_to_ask
from kinbridge.rules.finding import Ask, Finding
from kinbridge.rules.findings import Findings, due, evaluate, nothing_to_find
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.r13_corrections import correction, facts_of, reason_of_absence
from kinbridge.rules.severing import severed
from kinbridge.rules.situation import at_risk
from kinbridge.rules.state import ChildState, Said
from kinbridge.rules.telling import Telling, concern, digest
from kinbridge.rules.view import View
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.concerns import AlertProposed, SharingDecision
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.linked import ChildRecord
from kinbridge_schemas.retrieval import Retrieval

_SOON: Final = timedelta(microseconds=1)
_REASONS: Final = (
    "concern-raised",
    "concern-withdrawn",
    "concern-ended",
    "concern-changed",
    "share-held",
    "not-shared",
    "care-asked-for",
)
_Verdict = Literal["share", "hold", "do-not-share", "withdraw"]


Says = AlertProposed | SharingDecision | Retrieval


@dataclass(frozen=True, slots=True)
class Terms:
    """By what is evaluated: the policy, and the pseudonyms that questions go by."""

    policy: Partnership
    pseudonymiser: Pseudonymiser


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after an evaluation, what is said, and the most telling reason."""

    state: ChildState
    says: tuple[Says, ...] = ()
    reason: str = "nothing-new"


@dataclass(slots=True)
class _Turn:
    """One evaluation under way: what is given, and what has been decided so far."""

    portrait: Portrait
    policy: Partnership
    clock: datetime
    cause: str
    stepping: bool
    said: dict[str, Said]
    withheld: dict[str, str]
    said_now: list[Says] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    @property
    def record(self) -> ChildRecord:
        return self.portrait.view.record

    @property
    def when(self) -> tuple[str, str]:
        """What led to it and when: one event may be told again, later, and mean another thing."""
        return self.cause, to_text(self.portrait.as_of)


def evaluated(state: ChildState, terms: Terms, cause: str, *, stepping: bool) -> Outcome:
    """Evaluate the rules at the state's clock. `stepping`: the clock has just moved.

    `cause` names what led to it, the same in a replay: it is part of every id.
    """
    record, policy = state.picture.record, terms.policy
    if record is None:
        return Outcome(state)
    if record.shielded:
        return Outcome(*severed(state, record, policy, cause), reason="shielded")
    idle = not state.said and not state.withheld and nothing_to_find(state.picture)
    if idle and not state.waiting and nothing_to_ask(record, policy.care):
        return Outcome(state.model_copy(update={"due": None}))
    portrait = Portrait(View(state.picture, record), state.clock, policy)
    asked = ask(portrait, state, terms.pseudonymiser, stepping=stepping)
    portrait.asked = asked.shown
    turn = _Turn(
        portrait=portrait,
        policy=policy,
        clock=state.clock,
        cause=cause,
        stepping=stepping,
        said=dict(state.said),
        withheld=dict(state.withheld),
    )
    heard = {said.about: said.rule for said in state.said.values()}
    findings = evaluate(turn.portrait, state.clock, policy, heard)
    _weigh_all(turn, findings)
    turn.said_now += asked.says
    turn.looks += [turn.clock + _SOON] if asked.waits else []
    turn.reasons |= {"care-asked-for"} if asked.says else set()
    standing = any(said.status == "active" for said in turn.said.values())
    later = (findings.look_at, portrait.lead_ends if standing else None)
    looks = [*turn.looks, *(at for at in later if at)]
    due_at = min(looks, default=None) if record.open or asked.waits else None
    update = {
        "said": turn.said,
        "withheld": turn.withheld,
        "asked": asked.asked,
        "unasked": asked.unasked,
        "waiting": asked.waiting,
        "recalls": asked.recalls,
        "due": due_at,
    }
    reason = next((r for r in _REASONS if r in turn.reasons), "nothing-new")
    return Outcome(state.model_copy(update=update), tuple(turn.said_now), reason)


def _weigh_all(turn: _Turn, findings: Findings) -> None:
    for telling in findings.holds.values():
        _weigh(turn, telling, findings)
    for name, telling in findings.could.items():
        if name not in findings.holds and name not in turn.said:
            _take_back(turn, telling)
    _absent(turn, findings)
    for name in [n for n in turn.withheld if n not in findings.holds]:
        del turn.withheld[name]


def _weigh(turn: _Turn, telling: Telling, findings: Findings) -> None:
    """Decide about one finding for one team."""
    finding = telling.finding
    said = turn.said.get(telling.concern)
    if finding.status != "active":
        turn.withheld.pop(telling.concern, None)
        if said is not None or telling.concern in findings.could:
            _take_back(turn, telling)
    elif said is not None and said.opening < turn.record.opening:
        return  # it was said in an earlier opening, and ended with it
    elif said is None and not due(finding, turn.clock):
        turn.looks += [finding.say_at] if finding.say_at else []
    elif said is None and finding.deadline and not turn.stepping:
        turn.looks.append(turn.clock + _SOON)
    else:
        _share(turn, telling, said)


def _share(turn: _Turn, telling: Telling, said: Said | None) -> None:
    """Say an active concern, unless a gate is shut."""
    if not turn.record.open:
        _closed(turn, telling, said)
        return
    mark = digest(turn.portrait, telling)
    risky = at_risk(turn.portrait.view)
    if said is not None and said.digest == mark and not risky:
        return
    if telling.basis is None:
        if _ground_lost(telling, said):
            _take_back(turn, _ended(telling, _without_ground(telling)))
        _withhold(turn, telling, "do-not-share", _without_ground(telling))
    elif risky:
        _hold(turn, telling, telling.basis, said)
    else:
        turn.reasons.add("concern-raised" if said is None else "concern-changed")
        _say(turn, telling, telling.basis, mark)


def _hold(turn: _Turn, telling: Telling, basis: LawfulBasis, said: Said | None) -> None:
    """Withhold it for a named person. What was said may still wait to be read: hold that too."""
    if said is not None and said.status == "active" and said.digest != ON_HOLD:
        handling = (*telling.finding.handling, ON_HOLD)
        held = replace(telling, finding=replace(telling.finding, handling=handling))
        _say(turn, held, basis, ON_HOLD, recorded=True)
    _withhold(turn, telling, "hold", ON_HOLD)


def _ground_lost(telling: Telling, said: Said | None) -> bool:
    """Whether what still asks rests on a ground, such as agreement, that is there no more."""
    return telling.finding.standing is None and said is not None and said.status == "active"


def _without_ground(telling: Telling) -> str:
    return "no-ground-recorded" if telling.finding.standing is None else "no-basis-in-force"


def _closed(turn: _Turn, telling: Telling, said: Said | None) -> None:
    if said is None:
        _withhold(turn, telling, "do-not-share", "case-closed")
    elif said.status == "active":
        _take_back(turn, _ended(telling, "case-closed"))


def _ended(telling: Telling, reason: str) -> Telling:
    return replace(telling, finding=replace(telling.finding, status="ended", reason=reason))


def _take_back(turn: _Turn, telling: Telling) -> None:
    """Say that a concern is withdrawn or has ended, to whoever had it."""
    said = turn.said.get(telling.concern)
    basis = telling.basis
    if said is not None:
        basis = basis or turn.policy.ground(said.basis)
        telling = replace(telling, owner=said.owner, copies=said.copies, tier=said.tier)
    elif not turn.record.open or at_risk(turn.portrait.view):
        return
    mark = digest(turn.portrait, telling)
    if basis is None or (said is not None and said.digest == mark):
        return
    ended = telling.finding.status == "ended"
    turn.reasons.add("concern-ended" if ended else "concern-withdrawn")
    _say(turn, telling, basis, mark)


def _absent(turn: _Turn, findings: Findings) -> None:
    """What was said and is found no longer: taken back, or let go when it is long past."""
    forget = turn.clock - timedelta(days=turn.policy.keep_days)
    view = turn.portrait.view
    for name, said in list(turn.said.items()):
        if name in findings.holds:
            continue
        if said.recorded < forget:
            del turn.said[name]
            continue
        earlier = said.opening < turn.record.opening
        if earlier and said.status == "withdrawn":
            continue
        reason = correction(view, name, said.rule, said.about)
        if reason is None and not earlier and said.status != "ended":
            reason = reason_of_absence(view, name, said.rule, said.about)
        if reason is not None:
            _take_back(turn, _as_said(turn, name, said, reason))


def _as_said(turn: _Turn, name: str, said: Said, reason: str) -> Telling:
    finding = Finding(
        rule=said.rule,
        about=said.about,
        recorded=said.recorded,
        status="withdrawn",
        urgency=said.urgency,
        standing=None,
        why="",
        threshold="Everybody who had an alert hears that it no longer applies.",
        ask=Ask("note-correction", ""),
        reason=reason,
        never_suppressed=said.never_suppressed,
        corrects=facts_of(turn.portrait.view, said.rule, said.about),
    )
    basis = turn.policy.ground(said.basis)
    return Telling(name, finding, said.arm, said.owner, said.copies, said.tier, basis)


def _say(
    turn: _Turn,
    telling: Telling,
    basis: LawfulBasis,
    mark: str,
    *,
    recorded: bool = False,
) -> None:
    """Propose it as it stands. `recorded`: its decision is recorded by whoever called."""
    finding = telling.finding
    said = turn.said.get(telling.concern)
    family = turn.record.family
    proposed = AlertProposed(
        id=derive_id("proposed", telling.concern, mark, *turn.when),
        concern=concern(turn.portrait, telling, basis),
        supersedes_family=said.family if said and said.family != family else None,
    )
    turn.said_now.append(proposed)
    if not recorded:
        verdict: _Verdict = "share" if finding.status == "active" else "withdraw"
        _record(turn, telling, verdict, finding.reason or "rule-met", basis)
    turn.withheld.pop(telling.concern, None)
    turn.said[telling.concern] = Said(
        rule=finding.rule,
        about=finding.about,
        arm=telling.arm,
        status=finding.status,
        digest=mark,
        urgency=finding.urgency,
        never_suppressed=finding.never_suppressed,
        tier=telling.tier,
        basis=basis.code,
        owner=telling.owner,
        copies=telling.copies,
        family=family,
        opening=turn.record.opening,
        recorded=finding.recorded,
    )


def _withhold(
    turn: _Turn, telling: Telling, verdict: Literal["hold", "do-not-share"], reason: str
) -> None:
    """Do not say it, and record why: once for each reason."""
    if turn.withheld.get(telling.concern) == reason:
        return
    turn.withheld[telling.concern] = reason
    turn.reasons.add("share-held" if verdict == "hold" else "not-shared")
    _record(turn, telling, verdict, reason, telling.basis)


def _record(
    turn: _Turn, telling: Telling, verdict: _Verdict, reason: str, basis: LawfulBasis | None
) -> None:
    finding = telling.finding
    shared = verdict in {"share", "withdraw"}
    decision = SharingDecision(
        id=derive_id("decision", telling.concern, verdict, reason, *turn.when),
        child=turn.record.child,
        concern=telling.concern,
        rule="R13" if finding.status == "withdrawn" else finding.rule,
        arm=telling.arm,
        roles=telling.roles,
        decision=verdict,
        reason=reason,
        tier=telling.tier if shared else None,
        basis=basis.code if basis else None,
        policy_version=turn.policy.policy_version,
        facts=tuple(shown.account.fact for shown in finding.facts),
        decided=turn.portrait.as_of,
    )
    turn.said_now.append(decision)
