"""A child's record that ended for good: by adoption, or purged by its source. Pure.

Nothing more is told and nothing is kept. What was said before ends, without a word of why, in
an account that holds nothing of the child: so an open alert does not go on being told, with
the name of a child who has another now, and what is remembered of a closed one is bared too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.rules.calling_back import called_back, still_waiting
from kinbridge.rules.finding import SILENT
from kinbridge.rules.picture import Picture
from kinbridge.rules.state import ChildState, Said
from kinbridge.rules.telling import terms_of
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import (
    AlertProposed,
    Asked,
    Concern,
    SharingDecision,
    Situation,
    Whom,
)
from kinbridge_schemas.linked import ChildRecord, EventLinked, LinkedEvent
from kinbridge_schemas.retrieval import Retrieval
from kinbridge_schemas.vocabulary import Role

_ENDED: Final = "This has ended and nothing more is asked."


def purges(linked: LinkedEvent) -> bool:
    """Whether an event says that the child's own record was purged."""
    happened = linked.happened
    if not isinstance(happened, EventLinked) or happened.relation is not Role.CHILD:
        return False
    return happened.detail.kind == "purged" and not linked.child.open


def severed(
    state: ChildState, record: ChildRecord, policy: Partnership, cause: str
) -> tuple[ChildState, tuple[AlertProposed | SharingDecision | Retrieval, ...]]:
    """Give what is left of a state, which is the record's last word, and what ends with it."""
    at = max(state.clock, state.picture.recorded)
    words = tuple(
        word
        for name, said in sorted(state.said.items())
        for word in _last_words(name, said, record, policy, at, cause)
    )
    waiting = still_waiting(state.waiting, state.picture)
    questions = called_back(waiting, policy.policy_version, SILENT, at)
    bared = ChildState(picture=Picture(record=record), clock=state.clock)
    return bared, (*words, *questions)


def _last_words(
    name: str, said: Said, record: ChildRecord, policy: Partnership, at: datetime, cause: str
) -> Iterator[AlertProposed | SharingDecision]:
    bared = AlertProposed(
        id=derive_id("proposed", name, "severed", cause),
        concern=_bare(name, said, record, policy, at),
    )
    yield bared
    if said.status == "active":
        decision = SharingDecision(
            id=derive_id("decision", name, "withdraw", "severed", cause),
            child=record.child,
            concern=name,
            rule=said.rule,
            arm=said.arm,
            roles=(said.owner, *said.copies),
            decision="withdraw",
            reason=SILENT,
            tier=said.tier,
            basis=said.basis,
            policy_version=policy.policy_version,
            decided=at,
        )
        yield decision


def _bare(
    name: str, said: Said, record: ChildRecord, policy: Partnership, at: datetime
) -> Concern:
    return Concern(
        concern=name,
        rule=said.rule,
        rule_version=terms_of(policy, said.rule).version,
        about=said.about,
        child=record.child,
        family=record.family,
        authority=policy.authority,
        arm=said.arm,
        status="ended",
        withdrawn=SILENT,
        urgency=said.urgency,
        never_suppressed=said.never_suppressed,
        tier=said.tier,
        basis=policy.ground(said.basis),
        whom=Whom(
            child=record.child,
            label="Child",
            matched_by=record.matched_by,
            restriction=record.restriction,
        ),
        situation=Situation(),
        why=_ENDED,
        threshold="The record of this child is closed.",
        asked=Asked(
            what="note-end",
            sentence=_ENDED,
            owner=said.owner,
            cover=policy.cover(said.owner, said.arm),
            copies=said.copies,
        ),
        record_revision=record.revision,
        as_of=at,
    )
