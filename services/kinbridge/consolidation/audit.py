"""What must be true of a family's alerts at any time. Pure; for tests and for the running line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from kinbridge.consolidation.items import news
from kinbridge.consolidation.state import ARMS, Alert, Arm, FamilyState
from kinbridge.consolidation.terms import Terms, TermsOf
from kinbridge.consolidation.timing import next_step
from kinbridge_schemas.alerts import AlertId
from kinbridge_schemas.base import Code


def audit(state: FamilyState, terms: TermsOf, clock: datetime) -> tuple[tuple[AlertId, Code], ...]:
    """Give every fault with its alert, as they stand after all due steps up to `clock`."""
    return tuple(fault for name in ARMS for fault in _of_arm(state.of(name), terms, clock))


def _of_arm(arm: Arm, terms: TermsOf, clock: datetime) -> Iterator[tuple[AlertId, Code]]:
    if arm.open is not None:
        mine = terms[arm.open.authority, arm.arm]
        yield from ((arm.open.alert, code) for code in _of_open(arm.open, mine, clock))
    for alert in arm.closed:
        if alert.stage != "closed" or alert.closed is None:
            yield alert.alert, "closed-but-open"
        if any(k.live and k.said is None for k in alert.items):
            yield alert.alert, "closed-with-an-item-unsaid"
    numbers = [a.opening for a in arm.closed] + ([arm.open.opening] if arm.open else [])
    if len(set(numbers)) != len(numbers) or max(numbers, default=0) > arm.openings:
        yield (arm.open or arm.closed[-1]).alert, "number-taken-twice"


def _of_open(alert: Alert, terms: Terms, clock: datetime) -> Iterator[Code]:
    step = next_step(alert, terms)
    if alert.stage == "closed" or alert.closed is not None:
        yield "open-but-closed"
    if step is None:
        yield "no-next-step"
    elif step <= clock:
        yield "next-step-in-the-past"
    names = [k.concern.concern for k in alert.items]
    if not names:
        yield "no-items"
    if len(set(names)) != len(names):
        yield "item-twice"
    for kept in alert.items:
        if kept.live and kept.said is None and news(kept) is None:
            yield "item-without-an-end"
    if (alert.stage == "acknowledged") != (alert.acknowledgement is not None):
        yield "acknowledgement-astray"
    if (alert.stage == "snoozed") != (alert.snoozed_until is not None):
        yield "snooze-astray"
    if alert.stage == "open" and alert.asks and alert.answer_by is None:
        yield "answer-not-awaited"
