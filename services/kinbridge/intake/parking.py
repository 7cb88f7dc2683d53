"""What came and can go no further, as a dead letter that intake writes itself. Pure.

A way in that has to answer for what it took, as a mailbox has, cannot refuse a bad message:
its sender is long gone. So the bytes are kept with the reason, and the next message is taken.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kinbridge.intake.entries import Entry
from kinbridge.intake.stage import DEAD_LETTERS
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.envelope import Envelope, to_headers

STAGE: Final = "intake"
UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Why:
    """A reason code, the field where there is one, and what the way in says of the message.

    `notes` are the names and texts of its own headers; each is kept as a header of the letter.
    """

    reason: str
    path: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def park(entry: Entry, why: Why) -> Entry:
    """Give the dead letter of a record that was not written.

    `entry` is that record, as `Arrival.entry` made it: its headers are kept, so that it can be
    sent on its way later. The same record and reason give the same letter.
    """
    headers = dict(to_headers(entry.envelope))
    headers |= {name: text.encode() for name, text in why.notes.items() if text}
    letter = DeadLetter(
        id=derive_id("dead", STAGE, entry.topic, entry.envelope.id, why.reason),
        stage=STAGE,
        topic=entry.topic,
        partition=0,
        offset=-1,
        record=entry.key,
        reason=why.reason,
        path=why.path,
        source=entry.envelope.source,
        content_type=entry.envelope.content_type,
        recorded=entry.envelope.recorded,
        headers={name: b64encode(value) for name, value in headers.items()},
        content=b64encode(entry.value),
    )
    envelope = Envelope(
        id=letter.id,
        type=DeadLetter.contract,
        source=f"stage:{STAGE}",
        recorded=entry.envelope.recorded,
        correlation=entry.envelope.id,
        causation=entry.envelope.id,
    )
    return Entry(DEAD_LETTERS, letter.record, letter.model_dump_json().encode(), envelope)
