"""What is spoilt: the golden inputs of every route, and what came of a spoilt one.

A new route cannot be forgotten: the routes are those of `mapping/routes.py`, and each has
golden folders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from kinbridge.mapping.routes import ROUTES
from kinbridge.mapping.stage import declare
from kinbridge.mapping.state import MappingState
from kinbridge.stage import At, Decision, Message
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import ANSWER, framed, unframed
from tests.adapters.mapping import NOW, PSEUDONYMS, SOURCES

GOLDEN: Final = Path(__file__).parents[2] / "golden"
KINDS: Final = {
    ".xml": "application/fhir+xml",
    ".hl7": "application/hl7-v2",
    ".answer": ANSWER,
}
"""By the name of the file; every other one is JSON, or says itself what it is."""
_CODEC: Final = codec()
_STAGE: Final[Any] = declare(pseudonymiser=PSEUDONYMS)
_REASON: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PATH: Final = re.compile(r"[A-Za-z0-9_.\[\]?$-]{0,200}")
_NUMBER: Final = re.compile(r"\d{10}")


@dataclass(frozen=True, slots=True)
class Input:
    """One valid record of a route."""

    route: str
    name: str
    content: bytes
    content_type: str


@cache
def inputs(route: str) -> tuple[Input, ...]:
    """Give the golden inputs of a route, each content once."""
    found = {
        path.read_bytes(): Input(
            route,
            path.parent.name,
            path.read_bytes(),
            KINDS.get(path.suffix, "application/json"),
        )
        for path in sorted((GOLDEN / route).glob("*/in.*"))
    }
    return tuple(found.values())


def answered(route: str, content: bytes, content_type: str) -> tuple[bytes, str]:
    """Give bytes as they come by a route: where it has answers, as the answer to a question."""
    for given in inputs(route):
        if given.content_type == ANSWER and (asked := unframed(given.content)[0]).content_type:
            answer = asked.model_copy(update={"content_type": content_type})
            inner = content.replace(b'"type": "message"', b'"type": "searchset"', 1)
            return framed(answer, inner), ANSWER
    return content, content_type


def mapped(given: Input, content: bytes, state: MappingState) -> Decision[MappingState]:
    """Map bytes as the stage does, as a record that came by the given input's route."""
    own = derive_id("received", PSEUDONYMS.fingerprint(content))
    source = SOURCES[given.route]
    body = Received(
        id=own,
        content=content,
        content_type=given.content_type,
        source=source,
        route=given.route,
    )
    envelope = Envelope(
        id=own,
        type=Received.contract,
        source=f"{given.route}:{source}",
        recorded=NOW,
        correlation=own,
    )
    message = Message("received.nhs", "sk-record", envelope, body)
    decision: Decision[MappingState] = _STAGE.decide(state, message, At(now=NOW, clock=NOW))
    return decision


def outcome(given: Input, content: bytes) -> str:
    """Map spoilt bytes: the reason of the decision, or why they are unreadable.

    Whatever else is raised goes through. An input that is compared with what came before
    comes after the valid one, since that is what it would meet.
    """
    try:
        decision = mapped(given, content, _before(given))
    except UnreadableError as problem:
        return _reason(problem)
    assert decision.outputs, "a record that ends nowhere"
    for output in decision.outputs:
        # What cannot be written would stop the line instead of one record.
        _CODEC.encode(output.body)
    return decision.reason


@cache
def _before(given: Input) -> MappingState:
    if not ROUTES[given.route].compares:
        return MappingState()
    return mapped(given, given.content, MappingState()).state


def _reason(problem: UnreadableError) -> str:
    assert _REASON.fullmatch(problem.reason), problem.reason
    assert _PATH.fullmatch(problem.path), "a path that is not made of names"
    assert not _NUMBER.search(problem.path), "a number in a path"
    return problem.reason
