"""Files by HTTP: copied as they come, then taken in like those of a folder, and answered."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import structlog
from fastapi import Request, Response

from kinbridge.intake.body import copy_body
from kinbridge.intake.decide import Refused
from kinbridge.intake.door import Doorway
from kinbridge.intake.files.agent import Writing, load
from kinbridge.intake.files.decide import End, Loaded, LoadRefused, LoadWaits
from kinbridge.intake.files.receipt import SUFFIXES, LoadReceipt
from kinbridge.intake.files.taking import Taking, taking
from kinbridge.intake.files.unpack import Copies, chunks_of
from kinbridge.intake.keys import Door
from kinbridge.sources.model import Sources

_DOOR: Final[Door] = "files"
_NAMED: Final = re.compile(r"filename=\"([^\"\r\n]{1,200})\"", re.IGNORECASE)

_NOT_A_FILE: Final = Refused(415, "media-type-not-accepted", "Send a file as its own media type.")
_NO_KIND: Final = Refused(
    404, "kind-unknown", "There is no such kind of files, or no mapping file for it."
)
_BUSY: Final = Refused(429, "too-busy", "Other files are being taken. Send it again shortly.")

_log = structlog.get_logger("kinbridge.intake.files")


@dataclass(slots=True)
class Uploads:
    """The door of files. Few are taken at a time: cutting them takes a processor each."""

    doorway: Doorway
    sources: Sources
    _inside: int = 0

    async def enter(self, request: Request, system: str, kind: str) -> Response:
        """Take one load in, or say why not. Answers 202 only when all of it is durable."""
        sender = self.doorway.sender(request, _DOOR, system)
        if isinstance(sender, Refused):
            return self.doorway.refuse(_DOOR, sender)
        taken = taking(self.sources, sender.case_source, kind)
        if taken is None:
            return self.doorway.refuse(_DOOR, _NO_KIND)
        name = _name(request)
        if isinstance(name, Refused):
            return self.doorway.refuse(_DOOR, name)
        if self._inside >= self.doorway.limits.max_files:
            return self.doorway.refuse(_DOOR, _BUSY, retry=True)
        self._inside += 1
        try:
            return self._answer(await self._take(request, name, taken), taken)
        finally:
            self._inside -= 1

    async def _take(self, request: Request, name: str, taken: Taking) -> End | Refused:
        doorway, most = self.doorway, self.doorway.limits.max_file_bytes
        writing = Writing(doorway.durable, doorway.pseudonymiser, doorway.clock)
        copies = Copies(most)
        try:
            with tempfile.TemporaryFile() as body:
                refused = await copy_body(request, most, body)
                if refused is not None:
                    return refused
                await asyncio.to_thread(copies.add, name, chunks_of(body))
            return await load(copies, taken, writing)
        finally:
            copies.close()

    def _answer(self, end: End | Refused, taken: Taking) -> Response:
        match end:
            case Loaded():
                return self._accept(end, taken)
            case LoadRefused(reason=reason, path=path):
                text = "The files cannot be taken: nothing of them was."
                return self.doorway.refuse(_DOOR, Refused(422, reason, text, path))
            case LoadWaits(reason=reason):
                problem = Refused(503, reason, "It could not be stored. Send it again.")
                return self.doorway.refuse(_DOOR, problem, retry=True)
            case Refused():
                return self.doorway.refuse(_DOOR, end)
            case _:
                raise AssertionError("an upload is looked at each time")

    def _accept(self, end: Loaded, taken: Taking) -> Response:
        meters = self.doorway.meters
        meters.requests.labels(_DOOR, "202", "accepted").inc()
        meters.records.labels(_DOOR).inc(end.records)
        _log.info("files.taken", source=taken.source, load=end.digest, records=end.records)
        receipt = LoadReceipt(id=f"load-{end.digest}", records=end.records, report=end.report)
        return Response(receipt.model_dump_json(), 202, media_type="application/json")


def _name(request: Request) -> str | Refused:
    """Give the name that a mapping file looks at. It is written nowhere."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in SUFFIXES:
        return _NOT_A_FILE
    named = _NAMED.search(request.headers.get("content-disposition", ""))
    given = PurePath(named.group(1).replace("\\", "/")).name if named is not None else ""
    return given or f"load{SUFFIXES[kind]}"
