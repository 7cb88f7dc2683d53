"""The door of others' adapters: one record, as it is, for an adapter that is named and of the key.

What a record looks like only its adapter knows, and no code of theirs runs here: the sender says
in a header which record it is, and the bytes go on unread.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from kinbridge.intake.decide import Accepted, Decided, Entrance, Refused
from kinbridge.intake.door import Doorway
from kinbridge.intake.stage import CASES, NHS
from kinbridge_casesystem.registry import route_of

RECORD_HEADER: Final = "Kinbridge-Record"
_RECORD: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")

_NOT_RUN: Final = Refused(404, "adapter-not-run", "No such adapter is run here.", "adapter")
_NOT_YOURS: Final = Refused(
    403, "adapter-not-of-key", "The key is not for this adapter.", "adapter"
)
_NO_TYPE: Final = Refused(415, "media-type-not-accepted", "Send a media type with the record.")
_EMPTY: Final = Refused(400, "body-empty", "The body is empty.")
_NO_RECORD: Final = Refused(
    422,
    "field-missing",
    f"Say in the header {RECORD_HEADER} which record it is, in 1 to 200 characters of ASCII.",
    RECORD_HEADER,
)


def receive_records(
    app: FastAPI, doorway: Doorway, adapters: frozenset[str], documented: dict[str, Any]
) -> None:
    """Open the door for the adapters that are named."""

    @app.post("/adapters/{adapter}/records", **documented)
    async def adapter_records(request: Request, adapter: str) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        taken = partial(
            adapter_record,
            adapter=adapter if adapter in adapters else None,
            record=request.headers.get(RECORD_HEADER, ""),
            content_type=kind,
        )
        return await doorway.enter(request, "records", taken)


def adapter_record(
    content: bytes, entrance: Entrance, *, adapter: str | None, record: str, content_type: str
) -> Decided:
    """Decide about one record. `adapter` is None where none of that name is run.

    `record` is the sender's own name of the record, the same for every account of it; it may
    hold an identifier, and goes no further than its pseudonym.
    """
    sender = entrance.sender
    if adapter is None:
        return _NOT_RUN
    if adapter not in sender.adapters:
        return _NOT_YOURS
    if not _MEDIA_TYPE.fullmatch(content_type):
        return _NO_TYPE
    if not _RECORD.fullmatch(record):
        return _NO_RECORD
    if not content:
        return _EMPTY
    topic, source = (NHS, sender.source)
    if sender.authority is not None:
        topic, source = (CASES, sender.case_source)
    key = entrance.pseudonymiser.of_source_record(source, record)
    entry = entrance.arrival.entry(topic, route_of(adapter), source, key, content, content_type)
    return Accepted(entry.envelope.id, (entry,))
