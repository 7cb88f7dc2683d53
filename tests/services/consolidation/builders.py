"""Builders of concerns and answers: what a test does not care about has a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from kinbridge.consolidation.decide import Consolidation
from kinbridge.consolidation.state import FamilyState
from kinbridge.consolidation.terms import terms_of
from kinbridge.partnership.loader import load_all
from kinbridge.partnership.model import Partnership
from kinbridge.stage import At, Decision, Message
from kinbridge_schemas.alerts import AlertRevision
from kinbridge_schemas.base import Contract, derive_id
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.concerns import AlertProposed, Asked, Concern, Situation, Whom
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.moves import ItemsMoved
from kinbridge_schemas.responses import Answer, Response
from kinbridge_schemas.vocabulary import DisclosureTier, SupportTier, Urgency
from tests.builders import a_child_ref, a_family_ref

FAMILY: Final = a_family_ref()
START: Final = datetime(2026, 11, 3, 10, tzinfo=UTC)
"""A Tuesday morning, within duty hours."""

_POLICIES: Final = Path(__file__).parents[3] / "deploy" / "partnerships"
_BASIS: Final = LawfulBasis(
    code="CP",
    purpose="Protecting a child",
    statutory_power="Children Act 1989",
    gdpr_art6="6(1)(e)",
    gdpr_art9="9(2)(g)",
    dpa_schedule="Schedule 1 paragraph 18",
    confidentiality_ground="Overriding public interest",
    why_no_consent="It would prejudice the protection",
    appropriate_policy_document="Named",
    valid_from=START.date(),
    policy_version="test-1",
)


@cache
def partnerships() -> Mapping[AuthorityCode, Partnership]:
    return load_all(_POLICIES)


def lewisham(**changes: Any) -> Partnership:
    """Lewisham's own policy, with parts changed."""
    return partnerships()["209"].model_copy(update=changes)


def a_consolidation(policy: Partnership | None = None) -> Consolidation:
    policy = policy or lewisham()
    terms = terms_of({policy.authority: policy})
    return Consolidation(terms, alerts="alerts", moved="alerts-moved")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def a_concern(name: str = "first-miss", *, at: datetime = START, **changes: Any) -> Concern:
    """An active concern of the MACPT about one child, as accounted at a time. Urgency U2."""
    child = changes.get("child", a_child_ref())
    concern: dict[str, Any] = {
        "concern": derive_id("concern", name),
        "rule": "R1",
        "rule_version": "1",
        "about": derive_id("about", name),
        "child": child,
        "family": FAMILY,
        "authority": "209",
        "arm": "macpt",
        "status": "active",
        "urgency": Urgency.U2,
        "tier": DisclosureTier.CONTENT,
        "basis": _BASIS,
        "whom": Whom(child=child, label="Unborn baby", matched_by="la-child-id", unborn=True),
        "situation": Situation(tier=SupportTier.CHILD_PROTECTION, protection_plan=True),
        "why": f"An antenatal appointment was missed ({name}).",
        "threshold": "One miss under a plan.",
        "asked": Asked(
            what="establish-facts",
            sentence="Please establish why the appointment was missed.",
            owner="macpt_health_lead",
            cover="deputy_health_lead",
        ),
        "as_of": at,
    }
    return Concern(**(concern | changes))


def withdrawn(concern: Concern, *, at: datetime, why: str = "attended-elsewhere") -> Concern:
    return concern.model_copy(update={"status": "withdrawn", "withdrawn": why, "as_of": at})


def proposed(concern: Concern, **changes: Any) -> AlertProposed:
    parts = (concern.concern, concern.as_of.isoformat(), concern.status)
    name = derive_id("proposed", *parts, concern.family, concern.urgency)
    return AlertProposed(id=name, concern=concern, **changes)


def an_answer(
    said: Answer, *, alert: str, at: datetime, by: str = "staff-1", authority: str = "209"
) -> Response:
    name = derive_id("response", alert, authority, by, at.isoformat(), said.model_dump_json())
    return Response(
        id=name,
        alert=alert,
        authority=authority,
        by=by,
        role="macpt_health_lead",
        at=at,
        said=said,
    )


def a_message(body: Contract, key: str, recorded: datetime) -> Message:
    envelope = Envelope(
        id=body.id, type=body.contract, source="test", recorded=recorded, correlation=body.id
    )
    return Message(topic="test", key=key, envelope=envelope, body=body)


class Desk:
    """A line of one stage: families, a clock, and what was said. Moves are delivered at once."""

    def __init__(self, policy: Partnership | None = None, *, clock: datetime = START) -> None:
        self.stage = a_consolidation(policy)
        self.states: dict[str, FamilyState] = {}
        self.clock = clock
        self.said: list[AlertRevision] = []
        self.on_the_way: list[tuple[ItemsMoved, datetime]] = []
        self.due: dict[str, datetime | None] = {}
        self.reasons: list[str] = []

    def state(self, family: str = FAMILY) -> FamilyState:
        return self.states.get(family, FamilyState())

    def hear(self, body: Contract, *, key: str = "", at: datetime | None = None) -> list[str]:
        """Let the stage decide about one record; gives the reasons of what was said."""
        now = at or self.clock
        name = key or str(getattr(body, "family_ref"))  # noqa: B009 - each contract has its own
        message = a_message(body, name, now)
        return self._keep(
            name, self.stage.decide(self.state(name), message, At(now, self.clock)), now
        )

    def propose(self, *concerns: Concern, at: datetime | None = None) -> list[str]:
        return [r for c in concerns for r in self.hear(proposed(c), at=at)]

    def carry(self) -> list[str]:
        """Deliver what families said to one another until all is quiet."""
        said: list[str] = []
        for _ in range(200):
            if not self.on_the_way:
                return said
            word, at = self.on_the_way.pop(0)
            said += self.hear(word, at=at)
        raise AssertionError("Families send something round in a circle.")

    def pass_time(self, until: datetime) -> list[str]:
        """One clock record: everything that is due by then is judged, in order."""
        self.clock = until
        said: list[str] = []
        for _ in range(100):
            due = {f: d for f, d in self.due.items() if d is not None and d <= until}
            if not due:
                return said
            family = min(due, key=lambda f: (due[f], f))
            decision = self.stage.on_due(self.state(family), family, At(until, until))
            said += self._keep(family, decision, until)
        raise AssertionError("A due time stays in the past.")

    def _keep(self, family: str, decision: Decision[FamilyState], now: datetime) -> list[str]:
        self.states[family] = decision.state
        self.due[family] = decision.due
        self.reasons.append(decision.reason)
        said: list[str] = []
        for output in decision.outputs:
            if isinstance(output.body, AlertRevision):
                self.said.append(output.body)
                said.append(output.body.reason)
            elif isinstance(output.body, ItemsMoved):
                self.on_the_way.append((output.body, now))
        return said
