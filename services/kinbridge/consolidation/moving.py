"""What happens when a child's family reference changes. Pure.

The family that a child came to asks the one that it left, and holds what it would say until
that has answered, so that nothing is said twice. The one that it left hands its open items
over, tells its readers, and keeps a forwarding address for what comes late. Which of two moves
is the later is told by the revision of the child's record, so that no order of arrival and no
coming back can send items round in a circle: what is followed goes only to a later address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge.consolidation.items import merged, news
from kinbridge.consolidation.openings import in_closed, placed
from kinbridge.consolidation.saying import Saying, say, say_news, urgent
from kinbridge.consolidation.state import ARMS, Address, Alert, Arm, FamilyState, Home, Kept
from kinbridge.consolidation.terms import Terms, TermsOf
from kinbridge_schemas.alerts import AlertRevision, Item, Reason
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import AlertProposed, Concern
from kinbridge_schemas.identifiers import ChildRef, FamilyRef
from kinbridge_schemas.moves import (
    ConcernFollowed,
    HandedOver,
    HandOver,
    ItemsMoved,
    MovedItem,
)

_REMEMBERED: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Moved:
    """The family after a word about a move, and what it says to readers and to a family."""

    state: FamilyState
    reason: str
    revisions: tuple[AlertRevision, ...] = ()
    words: tuple[ItemsMoved, ...] = ()


def came(state: FamilyState, family: FamilyRef, proposed: AlertProposed) -> Moved:
    """Note that a child came from another family, and ask that one for its items, once."""
    concern, source = proposed.concern, proposed.supersedes_family
    known = state.home(concern.child)
    mark = (concern.record_revision, concern.as_of)
    if source is None or source == family or _noted(known, family, source, mark):
        return Moved(state, "known")
    home = Home(
        child=concern.child,
        family=family,
        record_revision=concern.record_revision,
        at=concern.as_of,
        came_from=source,
        waiting=ARMS,
    )
    return Moved(state.with_home(home), "asked", words=(_asked(home, family, source),))


def elsewhere(state: FamilyState, family: FamilyRef, concern: Concern) -> FamilyRef | None:
    """The family that an account must follow its child to; None where it belongs here."""
    home = state.home(concern.child)
    if home is None or home.family == family:
        return None
    return home.family if home.mark >= (concern.record_revision, concern.as_of) else None


def handed_over(
    state: FamilyState, ask: ItemsMoved, child: ChildRef, terms: TermsOf, now: datetime
) -> Moved:
    """Answer a family that a child went to: once for each team, even where nothing is open."""
    known = state.home(child)
    late = known is not None and known.mark > (ask.record_revision, ask.moved)
    if not late:
        home = Home(
            child=child,
            family=ask.from_family,
            record_revision=ask.record_revision,
            at=ask.moved,
        )
        state = state.with_home(home)
    revisions: list[AlertRevision] = []
    words: list[ItemsMoved] = []
    for name in ARMS:
        arm = state.of(name)
        given = () if late or arm.open is None else _of_child(arm.open, child)
        words.append(_given(ask, child, arm, given))
        if given and arm.open is not None:
            saying = _left(arm.open, given, ask, terms[arm.open.authority, name], now)
            state = state.with_arm(arm.with_alert(saying.alert))
            revisions += [saying.revision] if saying.revision else []
        words += () if late else _ended_here(arm, child, ask)
    reason = "asked-late" if late else "handed-over"
    return Moved(state, reason, tuple(revisions), tuple(words))


def followed(
    concern: Concern, family: FamilyRef, to: FamilyRef, since: datetime, *, recall: bool = False
) -> ItemsMoved:
    """An account that goes where the child went; a `recall` only to what knows its concern."""
    said = ConcernFollowed(concern=concern, since=since, recall=recall)
    parts = (concern.concern, concern.as_of.isoformat(), concern.status, concern.urgency)
    return ItemsMoved(
        id=derive_id("follow", family, to, *parts, str(recall)),
        family=to,
        from_family=family,
        record_revision=concern.record_revision,
        moved=concern.as_of,
        child=concern.child,
        said=said,
    )


def received(
    state: FamilyState,
    moved: ItemsMoved,
    child: ChildRef,
    given: HandedOver,
    terms: TermsOf,
    now: datetime,
) -> Moved:
    """Take in what another family handed over, and tell the readers of this one."""
    family = moved.family
    home = state.home(child)
    if home is not None and home.family != family:
        if given.items and home.mark > (moved.record_revision, moved.moved):
            return Moved(state, "followed", words=(_passed_on(moved, home),))
    elif home is not None:
        waiting = tuple(arm for arm in home.waiting if arm != given.arm)
        state = state.with_home(home.model_copy(update={"waiting": waiting}))
    arm = state.of(given.arm)
    before = arm.open
    items = [_arrived(before, i, family) for i in given.items if not _closed_since(arm, i)]
    authority = items[0].concern.authority if items else before.authority if before else ""
    mine = terms.get((authority, given.arm))
    if mine is None:
        return Moved(state, "nothing-open")
    arm = placed(arm, family, items, mine)
    if arm.open is None:
        return Moved(state, "nothing-open")
    told = any(i.said and i.item.concern.status == "active" for i in given.items)
    saying = _told_of_move(_free(arm.open, child), told=told, terms=mine, now=now)
    after = _with_acknowledgement(before, saying.alert, given)
    revisions = (saying.revision,) if saying.revision else ()
    return Moved(state.with_arm(arm.with_alert(after)), "received", revisions)


def forgotten(state: FamilyState, clock: datetime) -> FamilyState:
    """The family without addresses so old that nothing can still be on its way."""
    homes = tuple(h for h in state.homes if h.at + _REMEMBERED > clock)
    return state if homes == state.homes else state.model_copy(update={"homes": homes})


def forgotten_at(home: Home) -> datetime:
    return home.at + _REMEMBERED


def _noted(
    known: Home | None, family: FamilyRef, source: FamilyRef, mark: tuple[int, datetime]
) -> bool:
    if known is None:
        return False
    same_move = (known.family, known.came_from) == (family, source)
    return known.mark >= mark or (same_move and known.record_revision == mark[0] > 0)


def _asked(home: Home, family: FamilyRef, source: FamilyRef) -> ItemsMoved:
    return ItemsMoved(
        id=derive_id("ask", home.child, family, source, str(home.record_revision), str(home.at)),
        family=source,
        from_family=family,
        record_revision=home.record_revision,
        moved=home.at,
        child=home.child,
        said=HandOver(),
    )


def _of_child(alert: Alert, child: ChildRef) -> tuple[Kept, ...]:
    return tuple(k for k in alert.items if k.concern.child == child and not k.left)


def _ended_here(arm: Arm, child: ChildRef, ask: ItemsMoved) -> list[ItemsMoved]:
    """What ended in an alert closed since: the child may have left an older account there."""
    last = {k.concern.concern: k for alert in arm.closed for k in _of_child(alert, child)}
    return [
        followed(kept.concern, ask.family, ask.from_family, kept.seen, recall=True)
        for name, kept in sorted(last.items())
        if kept.concern.status != "active" and (arm.open is None or not arm.open.find(name))
    ]


def _given(ask: ItemsMoved, child: ChildRef, arm: Arm, given: Iterable[Kept]) -> ItemsMoved:
    return ItemsMoved(
        id=derive_id("give", ask.id, arm.arm),
        family=ask.from_family,
        from_family=ask.family,
        record_revision=ask.record_revision,
        moved=ask.moved,
        child=child,
        said=HandedOver(
            arm=arm.arm,
            from_alert=arm.open.alert if arm.open else None,
            items=tuple(_moved_item(k) for k in given),
            acknowledgement=arm.open.acknowledgement if arm.open else None,
        ),
    )


def _moved_item(kept: Kept) -> MovedItem:
    item = Item(
        concern=kept.concern,
        added=kept.added,
        changed=kept.concern.as_of,
        answered=kept.answered,
    )
    return MovedItem(item=item, said=kept.said is not None, since=kept.since or kept.seen)


def _left(
    alert: Alert, given: Iterable[Kept], ask: ItemsMoved, terms: Terms, now: datetime
) -> Saying:
    names = {k.concern.concern for k in given}
    items = tuple(
        k.model_copy(update={"left": True}) if k.concern.concern in names else k
        for k in alert.items
        if k.said is not None or k.concern.concern not in names
    )
    rest = any(not k.left for k in items)
    others = tuple(a for a in alert.moved_to if a.family != ask.from_family)
    to = (*others, Address(family=ask.from_family, at=ask.moved))
    fields: dict[str, object] = {"items": items, "moved_to": to}
    if not rest:
        fields |= {"stage": "closed", "closed": now, "snoozed_until": None}
    after = alert.model_copy(update=fields)
    # One that nobody was told of goes without a word.
    return say(after, Reason.LINK_CHANGED, terms, now) if alert.revision else Saying(after)


def _passed_on(moved: ItemsMoved, home: Home) -> ItemsMoved:
    fields = {
        "id": derive_id("follow", moved.id, home.family),
        "family": home.family,
        "from_family": moved.family,
        "record_revision": home.record_revision,
        "moved": home.at,
    }
    return moved.model_copy(update=fields)


def _closed_since(arm: Arm, moved: MovedItem) -> bool:
    """Whether an alert that is closed by now holds an account as late as the one that came."""
    found = in_closed(arm, moved.item.concern)
    return found is not None and found[1].concern.as_of >= moved.item.concern.as_of


def _arrived(alert: Alert | None, moved: MovedItem, family: FamilyRef) -> Kept:
    concern = moved.item.concern.model_copy(update={"family": family})
    here = alert.find(concern.concern) if alert is not None else None
    if here is not None and here.left:
        here = None
    if here is None:
        kept = Kept(concern=concern, added=moved.item.added, seen=moved.since, since=moved.since)
    else:
        # The family's own account holds when it is of the same moment: it was made later.
        older = concern.as_of <= here.concern.as_of
        kept = here if older else merged(here, concern, moved.since)
    fields = {
        "added": min(kept.added, moved.item.added),
        "answered": tuple(dict.fromkeys((*kept.answered, *moved.item.answered))),
    }
    return kept.model_copy(update=fields)


def _free(alert: Alert, child: ChildRef) -> Alert:
    items = tuple(
        k.model_copy(update={"held_until": None}) if k.concern.child == child else k
        for k in alert.items
    )
    return alert.model_copy(update={"items": items})


def _told_of_move(alert: Alert, *, told: bool, terms: Terms, now: datetime) -> Saying:
    if told and any(news(k) is not None for k in alert.items):
        return say(alert, Reason.LINK_CHANGED, terms, now)
    return say_news(alert, terms, now) if urgent(alert, terms) else Saying(alert)


def _with_acknowledgement(before: Alert | None, alert: Alert, given: HandedOver) -> Alert:
    """The acknowledgement comes along where this family had said nothing of its own."""
    taken = given.acknowledgement
    fresh = before is None or before.revision == 0
    if taken is None or not fresh or alert.stage != "open" or not alert.revision:
        return alert
    known = frozenset(k.concern.rule for k in alert.items)
    fields = {
        "stage": "acknowledged",
        "acknowledgement": taken,
        "calm": alert.urgency,
        "known": known,
        "answer_by": None,
    }
    return alert.model_copy(update=fields)
