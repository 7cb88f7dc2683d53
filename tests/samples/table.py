"""The table of the official samples: every file, by which route it goes in, how its facts end.

`ways.py` says which files go in by which route and which no source carries, with the reason.
`ends/<folder>.json` is what was read and found right; run with `--update-golden` to write it
anew, then read the difference. The table itself stands in the summary of the test run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

from kinbridge.mapping.routes import ROUTES
from kinbridge.mapping.stage import declare
from kinbridge.stage import At, Message
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from tests.adapters.mapping import PSEUDONYMS, SOURCES
from tests.samples.place import SAMPLES

NHS: Final = SAMPLES / "nhs"
ENDS: Final = Path(__file__).parent / "ends"
NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)

End = tuple[str, str]
"""The kind of an event that goes on, or the end of a fact or message; and why."""

FOUND: Final = pytest.StashKey[dict[str, list[End]]]()
"""How each file of this run ended, for the table in the summary."""


def _as_it_is(content: bytes) -> bytes:
    return content


@dataclass(frozen=True, slots=True)
class Way:
    """How files get in: by which route, as which media type, put into what.

    `files` is a pattern of paths below the NHS samples; the first way that fits counts. `wrap`
    does what the sender's engine would: a bare resource is put into a message.
    """

    files: str
    route: str
    content_type: str
    wrap: Callable[[bytes], bytes] = _as_it_is


@dataclass(frozen=True, slots=True)
class NotCarried:
    """Files of a kind that no source of ours carries, and why."""

    files: str
    why: str


def every_file() -> list[str]:
    """Give the samples by their path below the folder, but for the list of where they are from."""
    found = (path.relative_to(NHS).as_posix() for path in NHS.rglob("*") if path.is_file())
    return sorted(path for path in found if path != "SOURCES.tsv")


def way_of(path: str, ways: Iterable[Way | NotCarried]) -> Way | NotCarried | None:
    return next((way for way in ways if fnmatchcase(path, way.files)), None)


def received(content: bytes, content_type: str, route: str) -> Message:
    """Give a record as mapping reads it from its topic."""
    own = derive_id("received", PSEUDONYMS.fingerprint(content))
    body = Received(
        id=own, content=content, content_type=content_type, source=SOURCES[route], route=route
    )
    envelope = Envelope(
        id=own,
        type=Received.contract,
        source=f"{route}:{SOURCES[route]}",
        recorded=NOW,
        correlation=own,
    )
    return Message("received.nhs", "sk-record", envelope, body)


def ends(content: bytes, content_type: str, route: str) -> list[End]:
    """Map one record by the stage and give each fact's end.

    A fact that ended twice fails here; so does a record that ended nowhere.
    """
    stage = declare(pseudonymiser=PSEUDONYMS)
    message = received(content, content_type, route)
    try:
        decision = stage.decide(stage.fresh(), message, At(now=NOW, clock=NOW))
    except UnreadableError as problem:
        return [("dead-letter", problem.reason)]
    found: dict[str, End] = {}
    for output in decision.outputs:
        body = output.body
        assert isinstance(body, ChildEvent | Disposition)
        assert body.fact not in found, "a fact has two ends"
        found[body.fact] = (
            ("to-linking", body.detail.kind)
            if isinstance(body, ChildEvent)
            else (body.end, body.reason)
        )
    assert found, "a record ended nowhere"
    return sorted(found.values())


def ends_of(path: str, way: Way | NotCarried) -> list[End]:
    """Give the ends of one sample by its way; one that is not carried has that as its end."""
    if isinstance(way, NotCarried):
        return [("not-carried", way.why)]
    if way.route not in ROUTES:
        return [("no-route", way.route)]
    return ends(way.wrap((NHS / path).read_bytes()), way.content_type, way.route)


def folder_of(path: str) -> str:
    return path.split("/", 1)[0]


def expected(folder: str) -> dict[str, list[str]]:
    """Give the ends that were read and found right, by path, each as `end: why`."""
    try:
        found = json.loads((ENDS / f"{folder}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(path): list(map(str, lines)) for path, lines in found.items()}


def lines(found: Iterable[End]) -> list[str]:
    return [f"{end}: {why}" for end, why in found]


def write(folder: str, found: dict[str, list[str]]) -> None:
    ENDS.mkdir(exist_ok=True)
    text = json.dumps(dict(sorted(found.items())), indent=2)
    (ENDS / f"{folder}.json").write_text(text + "\n", encoding="utf-8")


def table(found: dict[str, list[End]]) -> Iterator[str]:
    """Give the table by folder: how many files, and how many facts ended in which way."""
    by_folder: dict[str, list[list[End]]] = {}
    for path, its in found.items():
        by_folder.setdefault(folder_of(path), []).append(its)
    for folder, files in sorted(by_folder.items()):
        yield f"{folder}: {len(files)} files"
        counted = Counter(end for its in files for end in its)
        for (end, why), count in sorted(counted.items()):
            yield f"  {count:>4}  {end:<20}{why}"
