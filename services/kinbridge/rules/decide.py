"""Decide what is said of one child: concerns proposed to teams, and why others are not. Pure.

Rules are evaluated at the stage's own clock, never at a record's time, so that the order of
facts between two clock records makes no difference (see `findings`). Before the first fact
after the clock has moved, and when a due time comes, the state takes a step: deadlines are
judged on what was known until then.

Gates are not disproofs. A closed case, a disclosure risk, a missing agreement or ground stop
what would be said next and take nothing back; facts on the two sides of a gate do not commute,
and must not. Every share, hold, refusal and withdrawal leaves a decision record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from kinbridge.partnership.model import Partnership
from kinbridge.rules.finding import Ask, Finding
from kinbridge.rules.findings import Findings, due, evaluate
from kinbridge.rules.picture import View, fold, step
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.r13_corrections import correction, reason_of_absence
from kinbridge.rules.state import ChildState, Said
from kinbridge.rules.telling import Telling, concern, digest
from kinbridge.stage import Output
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.concerns import AlertProposed, SharingDecision
from kinbridge_schemas.events.persons import DisclosureRiskCleared, DisclosureRiskSet
from kinbridge_schemas.linked import ChildRecord, LinkedEvent

_SOON: Final = timedelta(microseconds=1)
_Verdict = Literal["share", "hold", "do-not-share", "withdraw"]


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
    outputs: list[Output] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    @property
    def record(self) -> ChildRecord:
        return self.portrait.view.record


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after an evaluation, what is said, and the most telling reason."""

    state: ChildState
    outputs: tuple[Output, ...] = ()
    reason: str = "nothing-new"


_REASONS: Final = (
    "concern-raised",
    "concern-withdrawn",
    "concern-ended",
    "concern-changed",
    "share-held",
    "not-shared",
)


def take(
    state: ChildState, linked: LinkedEvent, recorded: datetime, cause: str, policy: Partnership
) -> Outcome:
    """Take one event in at the clock of the state, and evaluate."""
    state = state.model_copy(update={"picture": fold(state.picture, linked, recorded)})
    return _evaluated(state, policy, cause, stepping=False)


def advance(state: ChildState, clock: datetime, policy: Partnership) -> Outcome:
    """Move the clock: settle the picture, and evaluate if a time of interest was reached."""
    picture = step(state.picture, clock, timedelta(days=policy.keep_days))
    awaited = state.due is not None and state.due <= clock
    state = state.model_copy(update={"picture": picture, "clock": clock})
    if not awaited:
        return Outcome(state)
    return _evaluated(state, policy, f"clock {clock.isoformat()}", stepping=True)


def _evaluated(state: ChildState, policy: Partnership, cause: str, *, stepping: bool) -> Outcome:
    record = state.picture.record
    if record is None:
        return Outcome(state)
    if record.shielded:
        return Outcome(_forgotten(state, record), reason="shielded")
    portrait = Portrait(View(state.picture, record), state.clock, policy)
    turn = _Turn(
        portrait=portrait,
        policy=policy,
        clock=state.clock,
        cause=cause,
        stepping=stepping,
        said=dict(state.said),
        withheld=dict(state.withheld),
    )
    findings = evaluate(portrait, state.clock, policy)
    for telling in findings.holds.values():
        _weigh(turn, telling, findings)
    for name, telling in findings.could.items():
        if name not in findings.holds and name not in turn.said:
            _take_back(turn, telling)
    _absent(turn, findings)
    looks = [*turn.looks, *([findings.look_at] if findings.look_at else [])]
    state = state.model_copy(
        update={
            "said": turn.said,
            "withheld": turn.withheld,
            "due": min(looks, default=None),
        }
    )
    reason = next((r for r in _REASONS if r in turn.reasons), "nothing-new")
    return Outcome(state, tuple(turn.outputs), reason)


def _forgotten(state: ChildState, record: ChildRecord) -> ChildState:
    # Adoption severs: nothing of the old stream is kept but that it has stopped.
    return ChildState.model_validate({"clock": state.clock}).model_copy(
        update={"picture": state.picture.model_copy(update={"facts": {}, "unlinked": {}})}
        | {"due": None, "said": {}, "withheld": {}}
        if record.shielded
        else {}
    )


def _weigh(turn: _Turn, telling: Telling, findings: Findings) -> None:
    """Decide about one finding for one team."""
    finding = telling.finding
    said = turn.said.get(telling.concern)
    if said is None and not due(finding, turn.clock):
        if finding.status == "active" and finding.say_at:
            turn.looks.append(finding.say_at)
        return
    if finding.status != "active":
        if said is not None or telling.concern in findings.could:
            _take_back(turn, telling)
        return
    if said is None and finding.deadline and not turn.stepping:
        turn.looks.append(turn.clock + _SOON)
        return
    if said is not None and said.opening < turn.record.opening:
        return  # said of an earlier opening, and closed with it
    _share(turn, telling, said)


def _share(turn: _Turn, telling: Telling, said: Said | None) -> None:
    """Say an active concern, unless a gate is shut."""
    if not turn.record.open:
        _closed(turn, telling, said)
        return
    mark = digest(turn.portrait, telling)
    if said is not None and said.digest == mark:
        return
    if telling.basis is None:
        _withhold(turn, telling, "do-not-share", _without_ground(telling))
    elif _risks(turn.portrait.view):
        _withhold(turn, telling, "hold", "disclosure-risk")
    else:
        turn.reasons.add("concern-raised" if said is None else "concern-changed")
        _say(turn, telling, telling.basis, mark)


def _without_ground(telling: Telling) -> str:
    return "no-ground-recorded" if telling.finding.standing is None else "no-basis-in-force"


def _risks(view: View) -> bool:
    """Whether a named person has yet to look at what must not reach whom."""
    cleared = {detail.risk_id for _, detail in view.of(DisclosureRiskCleared)}
    return any(detail.risk_id not in cleared for _, detail in view.of(DisclosureRiskSet))


def _closed(turn: _Turn, telling: Telling, said: Said | None) -> None:
    if said is None:
        _withhold(turn, telling, "do-not-share", "case-closed")
    elif said.status == "active":
        ended = replace(telling.finding, status="ended", reason="case-closed")
        _take_back(turn, replace(telling, finding=ended))


def _take_back(turn: _Turn, telling: Telling) -> None:
    """Say that a concern is withdrawn or has ended, to whoever had it."""
    said = turn.said.get(telling.concern)
    turn.withheld.pop(telling.concern, None)
    if said is None:
        if telling.basis is None or not turn.record.open or _risks(turn.portrait.view):
            return
        basis = telling.basis
    else:
        basis = telling.basis or turn.policy.ground(said.basis)
        telling = replace(telling, owner=said.owner, copies=said.copies, tier=said.tier)
    mark = digest(turn.portrait, telling)
    if (
        said is not None
        and (said.digest == mark or said.status != "active")
        and _same(said, telling)
    ):
        return
    ended = telling.finding.status == "ended"
    turn.reasons.add("concern-ended" if ended else "concern-withdrawn")
    _say(turn, telling, basis, mark)


def _same(said: Said, telling: Telling) -> bool:
    """Whether it was taken back already; an end may still turn into a withdrawal."""
    return said.status in {telling.finding.status, "withdrawn"}


def _absent(turn: _Turn, findings: Findings) -> None:
    """What was said and is found no longer: taken back, or let go when it is long past."""
    forget = turn.clock - timedelta(days=turn.policy.keep_days)
    view = turn.portrait.view
    for name, said in list(turn.said.items()):
        if name in findings.holds:
            continue
        known = (name, said.facts or (said.about,))
        if said.recorded < forget:
            del turn.said[name]
        elif said.status == "withdrawn":
            continue
        elif said.opening == turn.record.opening and said.status == "active":
            _take_back(turn, _as_said(turn, name, said, reason_of_absence(view, *known)))
        elif (reason := correction(view, *known)) is not None:
            _take_back(turn, _as_said(turn, name, said, reason))
    for name in [n for n in turn.withheld if n not in findings.holds]:
        del turn.withheld[name]


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
        corrects=said.facts,
    )
    basis = turn.policy.ground(said.basis)
    return Telling(name, finding, said.arm, said.owner, said.copies, said.tier, basis)


def _say(turn: _Turn, telling: Telling, basis: LawfulBasis, mark: str) -> None:
    finding = telling.finding
    said = turn.said.get(telling.concern)
    made = concern(turn.portrait, telling, basis)
    family = turn.record.family
    moved = said.family if said is not None and said.family != family else None
    name = derive_id("proposed", telling.concern, mark, turn.cause)
    turn.outputs.append(
        Output(
            topic="alerts-proposed",
            key=family,
            body=AlertProposed(id=name, concern=made, supersedes_family=moved),
        )
    )
    active = finding.status == "active"
    _record(turn, telling, "share" if active else "withdraw", finding.reason or "rule-met", basis)
    facts = tuple(shown.account.fact for shown in finding.facts)
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
        facts=facts or (said.facts if said else finding.corrects),
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
    turn.outputs.append(
        Output(
            topic="sharing-decisions",
            key=turn.record.child,
            body=SharingDecision(
                id=derive_id("decision", telling.concern, verdict, reason, turn.cause),
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
            ),
        )
    )
