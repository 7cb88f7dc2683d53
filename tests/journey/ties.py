"""Everything that a world holds, piece by piece, and what ties one piece to another.

A piece is one record with its key and headers, one row of a stage's state, one document of the
registry, one thing that waits, one line of a log or one metric. Two persons are tied where a
piece of the one holds a word of the other, or any id or hash that a piece of the other holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel

from kinbridge.sending.state import Queue
from tests.journey.world import MemoryWorld

STAGES: Final = (
    "mapping",
    "linking",
    "rules",
    "consolidation",
    "delivery",
    "sending",
    "retrieval",
)
# Pseudonyms are 32 of base 32, derived ids and fingerprints 32 and 40 of base 16.
_TOKEN: Final = re.compile(r"(?<![a-z0-9])(?:[a-z2-7]{32}|[0-9a-f]{24,64})(?![a-z0-9])")

Pieces = Mapping[str, str]


def pieces(world: MemoryWorld, said: Iterable[str] = ()) -> Pieces:
    """Give all that the world holds. `said` are the lines of logs and metrics."""
    found: dict[str, str] = {}
    for record in world.line.records():
        headers = " ".join(f"{n}={v.decode()}" for n, v in sorted(record.headers.items()))
        shown = f"{_text(record.key)} {headers} {_text(record.value)}"
        found[f"{record.topic}/{record.partition}/{record.offset}"] = shown
    for stage in STAGES:
        for key, state in world.line.states(stage).items():
            for part, each in _parts(state):
                found[f"{stage}'s state/{key}{part}"] = f"{key} {_json(each)}"
        for name, document in world.line.documents(stage).items():
            found[f"{stage}'s document/{name}"] = f"{name} {_json(document)}"
        for key, task in world.line.tasks(stage).items():
            found[f"{stage}'s task/{key}"] = f"{key} {task.id} {_json(task.body)}"
        for reason in world.line.reasons(stage):
            found[f"{stage}'s metric/{reason}"] = reason
    return found | {f"said/{number}": line for number, line in enumerate(said)}


def new_in(after: Pieces, before: Pieces) -> Pieces:
    """Give the pieces that came, or changed."""
    return {name: text for name, text in after.items() if before.get(name) != text}


def tokens(of: Pieces) -> frozenset[str]:
    """Give every id and hash that stands in pieces."""
    return frozenset(token for text in of.values() for token in _TOKEN.findall(text))


def holding(of: Pieces, words: Iterable[str]) -> dict[str, list[str]]:
    """Give the pieces that hold any of the words, whatever their capitals, with those."""
    folded = sorted({word.casefold() for word in words})
    found = {name: [w for w in folded if w in text.casefold()] for name, text in of.items()}
    return {name: told for name, told in found.items() if told}


def ties(
    fresh: Pieces, before: Pieces, words: Iterable[str], words_before: Iterable[str]
) -> dict[str, list[str]]:
    """Give the pieces that hold both what is new and what was there before, with the latter.

    New are `words`, and the ids and hashes that no piece of `before` holds.
    """
    known, mine, theirs = tokens(before), list(words), list(words_before)
    found: dict[str, list[str]] = {}
    for name, text in fresh.items():
        piece = {name: text}
        is_new = bool(tokens(piece) - known) or bool(holding(piece, mine))
        old = [*(tokens(piece) & known), *holding(piece, theirs).get(name, ())]
        if is_new and old:
            found[name] = sorted(old)
    return found


def _parts(state: object) -> Iterable[tuple[str, object]]:
    """Give what is kept side by side of everybody: the queue of one destination, letter by letter.

    Two letters in one queue say no more of each other than two in one post box.
    """
    if not isinstance(state, Queue):
        return [("", state)]
    letters = [*state.waiting, *state.settled, state.on_its_way]
    return [(f"/{number}", letter) for number, letter in enumerate(letters) if letter]


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", errors="replace")


def _json(state: object) -> str:
    return state.model_dump_json() if isinstance(state, BaseModel) else repr(state)
