"""Decide what a subscription needs next, and what its notifications leave to be done. Pure.

Silence is not "all well", and a server may lose notifications for good. So each event is
counted: a number that does not come is waited for a little, then asked for by `$events`, then
by what changed. Beside that all changes are asked for at an interval, whatever was counted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kinbridge.intake.freshness import Freshness
from kinbridge.intake.subscriptions.counting import (
    asked_again,
    counted,
    counted_before,
    restarted,
)
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
from kinbridge_fhir.heard import Delivered, Notice, Pointer, Standing

TOO_MANY_PAGES: Final = "too-many-pages"
_TOO_MUCH: Final = frozenset(
    {TOO_MANY_PAGES, "answer-too-large", "content-too-large", "too-many-entries"}
)
"""Why an answer cannot be taken that would fit if less was asked for: some servers do not page."""

_MOST_PENDING: Final = 500
_MOST_EVENTS: Final = 1_000
_TO_ACTIVATE: Final = frozenset({"error", "off", "entered-in-error"})
_ENOUGH: Final = 5
"""Failures in a row after which another way is taken."""
_SOON: Final = 3
"""It is renewed when a third of its time is left."""
_UNTIL_ACTIVE: Final = timedelta(seconds=30)
_LEAST_SPAN: Final = timedelta(seconds=10)


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
    if not watch.managing.waits(now) and (step := _managing(watch, config, now)) is not None:
        return step
    if watch.asking.waits(now):
        return None
    if watch.pending:
        return Fetch(watch.pending[0])
    if _gap_is_old(watch, config, now) and _may_give_events(watch):
        first = (watch.handled or 0) + 1
        return AskEvents(watch.own, first, min(watch.known, first + _MOST_EVENTS - 1))
    return _ask_changed(watch, config, now)


def _managing(watch: Watch, config: FhirSubscription, now: datetime) -> Step | None:
    if not watch.own:
        return Find() if watch.status != "missing" else Subscribe("")
    if watch.status in _TO_ACTIVATE or watch.outdated or _ends_soon(watch, config, now):
        return Subscribe(watch.own)
    if watch.status_due is None or watch.status_due <= now:
        return AskStatus(watch.own, watch.handled or 0) if watch.gives_status else Find()
    return None


def _may_give_events(watch: Watch) -> bool:
    untried = not watch.events_asked and watch.asking.failures < _ENOUGH
    return watch.gives_events and bool(watch.own) and untried


def _ask_changed(watch: Watch, config: FhirSubscription, now: datetime) -> AskChanged | None:
    since = watch.reached or watch.reconciled - config.overlap
    until = since + watch.span if watch.span is not None and since + watch.span < now else None
    if watch.wanted is not None:
        return AskChanged(since, now, watch.known, watch.wanted[0], until)
    if _gap_is_old(watch, config, now):
        return AskChanged(since, now, watch.known, "gap", until)
    if watch.reconcile_due is None or watch.reconcile_due <= now:
        return AskChanged(since, now, watch.known, "due", until)
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
    notice, said = delivered.notice, list[Said]()
    before = watch.freshness
    after = before.heard_at(recorded)
    if before.silent and not (after := after.looked_at(now)).silent:
        quiet = int(before.quiet_for(now).total_seconds())
        said.append(Said("subscription.heard-again", "info", {"quiet_seconds": quiet}))
    watch = replace(watch, freshness=after)
    # A late one says how it stood then. A handshake is sent before the server has our answer
    # to it, and says `requested` for that.
    if recorded >= before.heard and notice.kind != "handshake":
        watch, more = _stands(watch, notice.status, now)
        said += more
    watch = _to_fetch(watch, delivered, now)
    if (notice.since_start or 0) < (watch.handled or 0) and notice.events:
        # It comes late, or the server began to count anew: it can say which.
        watch = replace(watch, status_due=now)
    watch, more = counted(watch, notice, now, how="late")
    return watch, (*said, *more)


def _stands(watch: Watch, status: str, now: datetime) -> Told:
    if status == "active":
        watch = replace(watch, managing=Backoff())
    if not status or status == watch.status:
        return watch, ()
    watch = replace(watch, status=status)
    if status == "active":
        return watch, (Said("subscription.active"),)
    if status in _TO_ACTIVATE:
        # What it did not deliver meanwhile it may never deliver.
        said = Said("subscription.stopped", "error", {"status": status})
        return watch.wants("restarted", now), (said,)
    return watch, ()


def _to_fetch(watch: Watch, delivered: Delivered, now: datetime) -> Watch:
    new = [pointer for pointer in delivered.pointers if not _came(watch, pointer)]
    if any(not counted_before(watch, number) for number in delivered.unnamed):
        watch = watch.wants("empty", now)
    # The newest of equal ones: it was heard after the other may have been asked for.
    pending = tuple({pointer: pointer for pointer in (*watch.pending, *new)}.values())
    if len(pending) > _MOST_PENDING:
        deletions = tuple(pointer for pointer in pending if pointer.removed)
        return replace(watch, pending=deletions[:_MOST_PENDING]).wants("too-many", now)
    return replace(watch, pending=pending)


def _came(watch: Watch, pointer: Pointer) -> bool:
    # No search finds what was deleted: after a restart it is asked for again, to be sure.
    return not pointer.removed and counted_before(watch, pointer.number)


def found(
    watch: Watch,
    standing: Standing | None,
    ends: datetime | None,
    now: datetime,
    *,
    outdated: bool = False,
) -> Told:
    """Take in how the subscription stands on the server, if it is there.

    `outdated`: it was asked for something else than is configured now.
    """
    if standing is None:
        lost = () if not watch.own else (Said("subscription.gone", "error"),)
        again = replace(restarted(watch, None), own="", status="missing", managing=_again(watch))
        return again.wants("restarted", now), lost
    # A server may keep our words in a form of its own: it is told them once, and not for ever.
    outdated = outdated and not watch.renewed
    watch = replace(watch, own=standing.id, ends=ends, managing=_again(watch), outdated=outdated)
    if not watch.gives_status:
        watch = replace(watch, status_due=now + watch.freshness.expect_within / 2)
    return _stands(watch, standing.status, now)


def _again(watch: Watch) -> Backoff:
    # The server answers. That it went to error before is forgotten once it is active.
    return replace(watch.managing, until=None)


def subscribed(watch: Watch, standing: Standing, ends: datetime | None, now: datetime) -> Told:
    """Take in that the server took our request. Whether it is active is asked next."""
    said = Said("subscription.requested" if watch.own else "subscription.created")
    watch = replace(watch, own=standing.id, ends=ends, status=standing.status, status_due=None)
    # A server that cannot reach us goes back to error at once: then slower each time.
    managing = watch.managing.failed(now)
    return replace(watch, managing=managing, outdated=False, renewed=True), (said,)


def told_status(
    watch: Watch, step: AskStatus, notice: Notice, config: FhirSubscription, now: datetime
) -> Told:
    """Take in the answer to `$status`: how it stands, and how many events there have been."""
    watch, said = _stands(replace(watch, managing=_again(watch)), notice.status, now)
    wait = config.status_every if watch.status != "requested" else _UNTIL_ACTIVE
    watch = replace(watch, status_due=now + wait)
    since = notice.since_start
    if since is None:
        return watch, said
    if watch.handled is None:
        # Those before are within what is then asked for.
        watch = replace(watch, handled=since, known=max(watch.known, since))
        return watch.wants("first-number", now), said
    if since < step.handled:
        told = Said("subscription.restarted", "warning")
        return restarted(watch, since).wants("restarted", now), (*said, told)
    watch, more = counted(watch, replace(notice, events=()), now, how="late")
    return watch, (*said, *more)


def told_events(watch: Watch, delivered: Delivered, now: datetime) -> Told:
    """Take in the answer to `$events`. What it lacks is asked for by what changed."""
    watch = _to_fetch(replace(watch, events_asked=True, asking=Backoff()), delivered, now)
    return counted(watch, replace(delivered.notice, since_start=None), now, how="events")


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
    watch = replace(watch, asking=Backoff())
    if step.until is not None:
        # A part of the time; the next begins where it ended.
        reconciled = max(watch.reconciled, step.until)
        return replace(watch, reached=step.until, reconciled=reconciled), ()
    wanted = watch.wanted if watch.wanted is not None and watch.wanted[1] > step.begun else None
    due = now + config.reconcile_every
    watch = replace(watch, reconciled=step.begun, reconcile_due=due, wanted=wanted)
    return asked_again(replace(watch, span=None, reached=None), step.upto, now)


def fetched(watch: Watch, pointer: Pointer, refused: str = "") -> Told:
    """Take in that one resource is durable, or why it can never be had."""
    # By identity: what was heard of the same resource meanwhile is still to be asked for.
    left = tuple(other for other in watch.pending if other is not pointer)
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
    elif isinstance(step, AskChanged) and reason in _TOO_MUCH and _halves(step):
        span = ((step.until or step.begun) - step.since) / 2
        return replace(watch, span=span), (Said("subscription.asked-in-parts", "warning"),)
    else:
        watch = replace(watch, asking=watch.asking.failed(now, wish))
    if isinstance(step, Fetch):
        if watch.asking.failures >= _ENOUGH:
            # One resource that always fails may not hold up all others.
            return fetched(watch.wants("not-fetched", now), step.pointer, reason)
        others = (pointer for pointer in watch.pending if pointer != step.pointer)
        same = (pointer for pointer in watch.pending if pointer == step.pointer)
        watch = replace(watch, pending=(*others, *same))
    if reason == watch.problem:
        return watch, ()
    step_name = type(step).__name__.lower()
    said = Said("subscription.server-failed", "error", {"step": step_name, "reason": reason})
    return replace(watch, problem=reason), (said,)


def _halves(step: AskChanged) -> bool:
    return (step.until or step.begun) - step.since > _LEAST_SPAN


def answered(watch: Watch) -> Told:
    """Take in that the server answers again."""
    if not watch.problem:
        return watch, ()
    return replace(watch, problem=""), (Said("subscription.server-answers"),)
