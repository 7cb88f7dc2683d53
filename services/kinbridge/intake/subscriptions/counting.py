"""Count the events of a subscription: which came, which are missing, and how a gap ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from kinbridge.intake.subscriptions.watch import Said, Told, Watch
from kinbridge_fhir.heard import Notice


def counted_before(watch: Watch, number: int | None) -> bool:
    """Say whether an event of this number came before, or was asked for."""
    if number is None or watch.handled is None:
        return False
    return number <= watch.handled or number in watch.beyond


def counted(watch: Watch, notice: Notice, now: datetime, *, how: str) -> Told:
    """Count the events of a notification. `how` says how a gap was closed, if it is now."""
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
    return _gap(replace(watch, handled=handled, beyond=beyond, known=known), before, now, how)


def asked_again(watch: Watch, upto: int, now: datetime) -> Told:
    """Take all events up to a number as had: what they were about was asked for and came."""
    if watch.handled is None or watch.gap_since is None:
        return watch, ()
    before = watch.missing
    handled, beyond = _advanced(max(watch.handled, upto), watch.beyond)
    known = max(watch.known, handled)
    watch = replace(watch, handled=handled, beyond=beyond, known=known)
    return _gap(watch, before, now, "asked-again")


def restarted(watch: Watch, since: int | None) -> Watch:
    """Begin to count anew, from what the server says that there was so far."""
    return replace(watch, handled=since, known=since or 0, beyond=frozenset(), gap_since=None)


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
