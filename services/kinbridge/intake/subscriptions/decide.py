"""Decide what a subscription needs next, and what its notifications leave to be done. Pure.

Silence is not "all well", and a server may lose notifications for good. So each event is
counted: a number that does not come is waited for a little, then asked for by `$events`, then
by what changed. Beside that all changes are asked for at an interval, whatever was counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kinbridge.intake.freshness import Freshness
from kinbridge.intake.subscriptions.watch import (
    AskChanged,
    AskEvents,
    AskStatus,
    Backoff,
    Fetch,
    Find,
    Said,
    Step,
    Subscribe,
    Told,
    Watch,
)
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_fhir.notices import Notice
from kinbridge_fhir.notifications import Delivered, Pointer
from kinbridge_fhir.subscribing import Standing

_MOST_PENDING: Final = 500
_MOST_EVENTS: Final = 1_000
_TO_ACTIVATE: Final = frozenset({"error", "off", "entered-in-error"})
_ENOUGH: Final = 5
"""Failures in a row after which another way is taken."""
_SOON: Final = 3
"""It is renewed when a third of its time is left."""


def begin(config: FhirSubscription, now: datetime, reconciled: datetime | None) -> Watch:
    """Begin to watch. `reconciled` is until when all changes were asked for, if that is known."""
    return Watch(
        freshness=Freshness(config.expect_within, now),
        reconciled=reconciled or now - config.look_back + config.overlap,
        wanted=("start", now),
        reconcile_due=now,
    )


def next_step(watch: Watch, config: FhirSubscription, now: datetime) -> Step | None:
    """Give what is to be done now. None: nothing yet."""
    if not watch.managing.waits(now):
        if not watch.own:
            return Find() if watch.status != "missing" else Subscribe("")
        if watch.status in _TO_ACTIVATE or _ends_soon(watch, config, now):
            return Subscribe(watch.own)
        if watch.status_due is None or watch.status_due <= now:
            return AskStatus(watch.own) if watch.gives_status else Find()
    if watch.asking.waits(now):
        return None
    if watch.pending:
        return Fetch(watch.pending[0])
    if _gap_is_old(watch, config, now) and _may_give_events(watch):
        first = (watch.handled or 0) + 1
        return AskEvents(watch.own, first, min(watch.known, first + _MOST_EVENTS - 1))
    return _ask_changed(watch, config, now)


def _may_give_events(watch: Watch) -> bool:
    untried = not watch.events_asked and watch.asking.failures < _ENOUGH
    return watch.gives_events and bool(watch.own) and untried


def _ask_changed(watch: Watch, config: FhirSubscription, now: datetime) -> AskChanged | None:
    since = watch.reconciled - config.overlap
    if watch.wanted is not None:
        return AskChanged(since, now, watch.known, watch.wanted[0])
    if _gap_is_old(watch, config, now):
        return AskChanged(since, now, watch.known, "gap")
    if watch.reconcile_due is None or watch.reconcile_due <= now:
        return AskChanged(since, now, watch.known, "due")
    return None


def _ends_soon(watch: Watch, config: FhirSubscription, now: datetime) -> bool:
    return watch.ends is not None and watch.ends - now < config.lasts / _SOON


def _gap_is_old(watch: Watch, config: FhirSubscription, now: datetime) -> bool:
    return watch.gap_since is not None and now - watch.gap_since >= config.gap_wait


def look_again(watch: Watch, config: FhirSubscription, now: datetime) -> timedelta:
    """Give how long nothing changes by itself, once there is no next step."""
    times = [
        now + watch.freshness.look_again(now),
        watch.status_due,
        watch.reconcile_due,
        watch.managing.until,
        watch.asking.until,
        watch.gap_since + config.gap_wait if watch.gap_since is not None else None,
    ]
    ahead = [time - now for time in times if time is not None and time > now]
    return min(ahead, default=config.status_every)


def looked(watch: Watch, now: datetime) -> Told:
    """See whether it has fallen silent. Then the server is asked how it stands, and for all."""
    after = watch.freshness.looked_at(now)
    if after.silent == watch.freshness.silent:
        return replace(watch, freshness=after), ()
    quiet = int(after.quiet_for(now).total_seconds())
    said = Said("subscription.silent", "error", {"quiet_seconds": quiet})
    return replace(watch, freshness=after, status_due=now).wants("silent", now), (said,)


def heard(watch: Watch, delivered: Delivered, recorded: datetime, now: datetime) -> Told:
    """Take in a notification that is durable. A repeat and a late one change nothing twice."""
    said: list[Said] = []
    if watch.freshness.silent:
        quiet = int(watch.freshness.quiet_for(now).total_seconds())
        said.append(Said("subscription.heard-again", "info", {"quiet_seconds": quiet}))
    watch = replace(watch, freshness=watch.freshness.heard_at(recorded))
    watch, more = _stands(watch, delivered.notice, now)
    said += more
    watch = _to_fetch(watch, delivered, now)
    watch, more = _counted(watch, delivered.notice, now, how="late")
    return watch, (*said, *more)


def _stands(watch: Watch, notice: Notice, now: datetime) -> Told:
    if notice.status == "active":
        watch = replace(watch, managing=Backoff())
    if not notice.status or notice.status == watch.status:
        return watch, ()
    watch = replace(watch, status=notice.status)
    if notice.status == "active":
        return watch, (Said("subscription.active"),)
    if notice.status in _TO_ACTIVATE:
        # What it did not deliver meanwhile it may never deliver.
        said = Said("subscription.stopped", "error", {"status": notice.status})
        return watch.wants("restarted", now), (said,)
    return watch, ()


def _to_fetch(watch: Watch, delivered: Delivered, now: datetime) -> Watch:
    new = [pointer for pointer in delivered.pointers if not _came(watch, pointer)]
    if any(not _counted_before(watch, number) for number in delivered.unnamed):
        watch = watch.wants("empty", now)
    pending = tuple(dict.fromkeys((*watch.pending, *new)))
    if len(pending) > _MOST_PENDING:
        deletions = tuple(pointer for pointer in pending if pointer.removed)
        return replace(watch, pending=deletions[:_MOST_PENDING]).wants("too-many", now)
    return replace(watch, pending=pending)


def _came(watch: Watch, pointer: Pointer) -> bool:
    # No search finds what was deleted: after a restart it is asked for again, to be sure.
    return not pointer.removed and _counted_before(watch, pointer.number)


def _counted_before(watch: Watch, number: int | None) -> bool:
    if number is None or watch.handled is None:
        return False
    return number <= watch.handled or number in watch.beyond


def _counted(watch: Watch, notice: Notice, now: datetime, *, how: str) -> Told:
    numbers = notice.numbers
    known = max((watch.known, notice.since_start or 0, *numbers))
    if watch.handled is None:
        if not numbers:
            return replace(watch, known=known), ()
        # What came before the first that is seen may not have come here.
        first = replace(watch, handled=max(numbers), known=known, beyond=frozenset())
        return first.wants("first-number", now), ()
    before = watch.missing
    handled, beyond = _advanced(watch.handled, {*watch.beyond, *numbers})
    watch = replace(watch, handled=handled, beyond=beyond, known=known)
    return _gap(watch, before, now, how)


def _advanced(handled: int, seen: Iterable[int]) -> tuple[int, frozenset[int]]:
    left = {number for number in seen if number > handled}
    while handled + 1 in left:
        handled += 1
        left.discard(handled)
    return handled, frozenset(left)


def _gap(watch: Watch, before: int, now: datetime, how: str) -> Told:
    missing = watch.missing
    if missing and watch.gap_since is None:
        watch = replace(watch, gap_since=now, events_asked=False)
        return watch, (Said("subscription.gap", "warning", {"missing": missing}),)
    if missing or watch.gap_since is None:
        return watch, ()
    took = int((now - watch.gap_since).total_seconds())
    said = Said("subscription.gap-closed", "info", {"how": how, "missing": before, "took": took})
    return replace(watch, gap_since=None, events_asked=False), (said,)


def found(watch: Watch, standing: Standing | None, ends: datetime | None, now: datetime) -> Told:
    """Take in how the subscription stands on the server, if it is there."""
    if standing is None:
        lost = () if not watch.own else (Said("subscription.gone", "error"),)
        numbers = replace(watch, handled=None, known=0, beyond=frozenset(), gap_since=None)
        return replace(numbers, own="", status="missing").wants("restarted", now), lost
    watch = replace(watch, own=standing.id, ends=ends, managing=_again(watch))
    if not watch.gives_status:
        watch = replace(watch, status_due=now + watch.freshness.expect_within / 2)
    stands = Notice("query-status", standing.status, None, ())
    return _stands(watch, stands, now)


def _again(watch: Watch) -> Backoff:
    # The server answers. That it went to error before is forgotten once it is active.
    return replace(watch.managing, until=None)


def subscribed(watch: Watch, standing: Standing, ends: datetime | None, now: datetime) -> Told:
    """Take in that the server took our request. Whether it is active is asked next."""
    code = "subscription.requested" if watch.own else "subscription.created"
    watch = replace(watch, own=standing.id, ends=ends, status=standing.status, status_due=None)
    # A server that cannot reach us goes back to error at once: then slower each time.
    return replace(watch, managing=watch.managing.failed(now)), (Said(code),)


def told_status(watch: Watch, notice: Notice, config: FhirSubscription, now: datetime) -> Told:
    """Take in the answer to `$status`: how it stands, and how many events there have been."""
    watch = replace(watch, status_due=now + config.status_every, managing=_again(watch))
    watch, said = _stands(watch, notice, now)
    since = notice.since_start
    if since is None:
        return watch, said
    if watch.handled is None:
        # Those before are within what is then asked for.
        watch = replace(watch, handled=since, known=max(watch.known, since))
        return watch.wants("first-number", now), said
    if since < watch.handled:
        restarted = replace(watch, handled=since, known=since, beyond=frozenset(), gap_since=None)
        return restarted.wants("restarted", now), (
            *said,
            Said("subscription.restarted", "warning"),
        )
    watch, more = _counted(watch, replace(notice, events=()), now, how="late")
    return watch, (*said, *more)


def told_events(watch: Watch, delivered: Delivered, now: datetime) -> Told:
    """Take in the answer to `$events`. What it lacks is asked for by what changed."""
    watch = _to_fetch(replace(watch, events_asked=True, asking=Backoff()), delivered, now)
    return _counted(watch, replace(delivered.notice, since_start=None), now, how="events")


def no_status(watch: Watch, _now: datetime) -> Told:
    """Remember that the server does not give `$status`: the subscription itself says how it is."""
    said = (Said("subscription.no-status-operation", "warning"),) if watch.gives_status else ()
    return replace(watch, gives_status=False), said


def no_events(watch: Watch, _now: datetime) -> Told:
    """Remember that the server does not have `$events`."""
    said = Said("subscription.no-events-operation", "warning")
    return replace(watch, gives_events=False), (said,)


def told_changed(watch: Watch, step: AskChanged, config: FhirSubscription, now: datetime) -> Told:
    """Take in that all that changed since was asked for, and that it is durable."""
    wanted = watch.wanted if watch.wanted is not None and watch.wanted[1] > step.begun else None
    before = watch.missing
    watch = replace(
        watch,
        reconciled=step.begun,
        reconcile_due=now + config.reconcile_every,
        wanted=wanted,
        asking=Backoff(),
    )
    if watch.handled is None or watch.gap_since is None:
        return watch, ()
    handled, beyond = _advanced(max(watch.handled, step.upto), watch.beyond)
    watch = replace(watch, handled=handled, beyond=beyond, known=max(watch.known, handled))
    return _gap(watch, before, now, "asked-again")


def fetched(watch: Watch, pointer: Pointer, refused: str = "") -> Told:
    """Take in that one resource is durable, or why it can never be had."""
    left = tuple(other for other in watch.pending if other != pointer)
    watch = replace(watch, pending=left, asking=Backoff())
    if not refused:
        return watch, ()
    return watch, (Said("subscription.not-fetched", "error", {"reason": refused}),)


def failed(watch: Watch, step: Step, reason: str, now: datetime, wish: timedelta | None) -> Told:
    """Take in that the server did not do it. It is tried again, ever more slowly."""
    if isinstance(step, Find | Subscribe | AskStatus):
        # It may have been taken all the same: it is looked for before it is made again.
        status = watch.status if watch.own else ""
        watch = replace(watch, managing=watch.managing.failed(now, wish), status=status)
    else:
        watch = replace(watch, asking=watch.asking.failed(now, wish))
    if isinstance(step, Fetch):
        left = [pointer for pointer in watch.pending if pointer != step.pointer]
        if watch.asking.failures >= _ENOUGH:
            # One resource that always fails may not hold up all others.
            return fetched(watch.wants("not-fetched", now), step.pointer, reason)
        watch = replace(watch, pending=(*left, step.pointer))
    if reason == watch.problem:
        return watch, ()
    step_name = type(step).__name__.lower()
    said = Said("subscription.server-failed", "error", {"step": step_name, "reason": reason})
    return replace(watch, problem=reason), (said,)


def answered(watch: Watch) -> Told:
    """Take in that the server answers again."""
    if not watch.problem:
        return watch, ()
    return replace(watch, problem=""), (Said("subscription.server-answers"),)
