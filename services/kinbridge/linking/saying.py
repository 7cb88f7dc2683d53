"""What linking says: events with the child's record, records that changed, and each fact's end."""

from __future__ import annotations

from typing import Final, Literal

from kinbridge.linking.concern import Target
from kinbridge.linking.refresh import Unlinked
from kinbridge.stage import Message
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.dispositions import Disposition, End
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.persons import AddressChanged
from kinbridge_schemas.linked import (
    ChildChanged,
    ChildRecord,
    EventLinked,
    EventUnlinked,
    LinkedEvent,
)

STAGE: Final = "linking"


def linked(event: ChildEvent, record: ChildRecord, target: Target, times: int) -> LinkedEvent:
    """Say that an event concerns a child. `times` counts links that were taken back before."""
    again = (str(times),) if times else ()
    return LinkedEvent(
        id=derive_id("linked", event.id, record.child, *again),
        child=record,
        happened=EventLinked(
            event=event.id,
            fact=event.fact,
            version=event.version,
            act=event.act,
            relation=target.relation,
            occurred=event.occurred,
            observed=event.observed,
            source=event.source,
            detail=_without_address(event.detail) if _is_restricted(record) else event.detail,
        ),
    )


def _is_restricted(record: ChildRecord) -> bool:
    levels = (record.restriction, *(related.restriction for related in record.related))
    return any(level != "none" for level in levels)


def _without_address(detail: Detail) -> Detail:
    # That somebody moved may be told; where to may not.
    return AddressChanged() if isinstance(detail, AddressChanged) else detail


def changed(record: ChildRecord) -> LinkedEvent:
    return LinkedEvent(
        id=derive_id("changed", record.child, str(record.revision)),
        child=record,
        happened=ChildChanged(),
    )


def unlinked(
    taken: Unlinked,
    record: ChildRecord,
    reason: Literal["link-rejected", "link-superseded", "purged"],
) -> LinkedEvent:
    return LinkedEvent(
        id=derive_id("unlinked", taken.seen.event, record.child, str(taken.seen.times)),
        child=record,
        happened=EventUnlinked(event=taken.seen.event, fact=taken.fact, reason=reason),
    )


def ended(message: Message, event: ChildEvent, end: End, reason: Code) -> Disposition:
    """Say how a fact ended. The message is the one whose mapping gave the event."""
    cause = message.envelope.causation or message.envelope.id
    return Disposition(
        id=derive_id("disposition", cause, event.id, STAGE),
        message=cause,
        fact=event.fact,
        end=end,
        reason=reason,
        stage=STAGE,
        source=event.source,
    )
