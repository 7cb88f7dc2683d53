"""Builders of dispatches, and one queue played through its stage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from kinbridge.partnership.model import Subscription
from kinbridge.sending.decide import Sending
from kinbridge.sending.state import Errand, Queue
from kinbridge.stage import At, Decision, Message, Task
from kinbridge_schemas.alerts import Attempt, Delivery, Dispatch, Reason
from kinbridge_schemas.base import Contract, derive_id
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.vocabulary import Urgency
from tests.builders import a_family_ref

START: Final = datetime(2026, 11, 3, 10, tzinfo=UTC)
NAME: Final = "case-system"

Outcome = Literal["delivered", "try-later", "refused", "gone"]


def a_subscription(**changes: Any) -> Subscription:
    fields = {
        "name": NAME,
        "kind": "webhook",
        "arms": ["macpt"],
        "url_setting": "KINBRIDGE_TEST_URL",
        "secret_setting": "KINBRIDGE_TEST_SECRET",
    }
    return Subscription.model_validate(fields | changes)


def a_dispatch(
    alert: int = 1, revision: int = 1, *, said: datetime = START, **changes: Any
) -> Dispatch:
    fields: dict[str, Any] = {
        "id": derive_id("dispatch", str(alert), str(revision)),
        "subscription": NAME,
        "alert": f"{a_family_ref(str(alert))}.macpt.1",
        "authority": "209",
        "arm": "macpt",
        "revision": revision,
        "reason": Reason.FIRST if revision == 1 else Reason.CORRECTION,
        "urgency": Urgency.U2,
        "state": "open",
        "said": said,
    }
    return Dispatch(**(fields | changes))


class Line:
    """One queue: what was dispatched, what the agent would do, and how everything ended."""

    def __init__(self, subscription: Subscription | None = None) -> None:
        self.subscription = subscription or a_subscription()
        self.queue = Queue()
        self.now = START
        self.due: datetime | None = None
        self.task: Task | None = None
        self.ended: list[Delivery] = []
        self.sent: list[Errand] = []
        self.reasons: list[str] = []

    @property
    def stage(self) -> Sending:
        return Sending({NAME: self.subscription}, deliveries="deliveries")

    def hear(self, body: Contract) -> None:
        envelope = Envelope(
            id=body.id, type=body.contract, source="test", recorded=self.now, correlation=body.id
        )
        message = Message(topic="test", key=NAME, envelope=envelope, body=body)
        self._keep(self.stage.decide(self.queue, message, At(self.now, self.now)))

    def look(self) -> None:
        """Let time reach the queue's due time."""
        self.now = max(self.now, self.due or self.now)
        self._keep(self.stage.on_due(self.queue, NAME, At(self.now, self.now)))

    @property
    def errand(self) -> Errand:
        assert self.task is not None
        assert isinstance(self.task.body, Errand)
        return self.task.body

    def outcome(self, outcome: Outcome, *, after: int | None = None) -> Attempt:
        """What the agent would write of the errand that is due."""
        errand = self.errand
        self.now = max(self.now, errand.due)
        self.sent.append(errand)
        return Attempt(
            id=derive_id("attempt", errand.dispatch.id, str(errand.number)),
            subscription=NAME,
            dispatch=errand.dispatch.id,
            number=errand.number,
            outcome=outcome,
            reason="test",
            after_seconds=after,
            attempted=self.now,
        )

    def attempt(self, outcome: Outcome, *, after: int | None = None) -> None:
        self.hear(self.outcome(outcome, after=after))

    def later(self, **length: float) -> None:
        self.now += timedelta(**length)

    def ends(self) -> list[tuple[int, str]]:
        return [(d.revision, d.end) for d in self.ended]

    def _keep(self, decision: Decision[Queue]) -> None:
        self.queue, self.due, self.task = decision.state, decision.due, decision.task
        self.reasons.append(decision.reason)
        for output in decision.outputs:
            assert isinstance(output.body, Delivery)
            self.ended.append(output.body)
