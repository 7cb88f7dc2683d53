"""Valid inputs taken apart: a part dropped, doubled, renamed or put in another's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from lxml import etree

Way = tuple[Any, ...]
OPERATIONS: Final = ("drop", "double", "retag", "put", "empty", "turn")
"""What can be done to a part. `put` takes another part's place, `turn` makes it another type."""


def rearranged(content: bytes, operation: str, at: int, other: int) -> bytes:
    """Give the input with one part changed; `at` and `other` are taken modulo its parts."""
    start = content.lstrip()[:1]
    if not start:
        return content
    if start == b"{" and (line := content.partition(b"\n"))[2] and _stands_alone(line[0]):
        # A line about the answer, and under it the answer as it came.
        about, _, answer = line
        if at % 2:
            return rearranged(about, operation, at // 2, other) + b"\n" + answer
        return about + b"\n" + rearranged(answer, operation, at // 2, other)
    if start == b"<":
        return _xml(content, operation, at, other)
    if start in (b"{", b"["):
        return _json(content, operation, at, other)
    return _hl7(content, operation, at, other)


def _stands_alone(line: bytes) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def _ways(node: Any, here: Way = ()) -> list[Way]:
    found = [here] if here else []
    if isinstance(node, dict | list):
        inner = node.items() if isinstance(node, dict) else enumerate(node)
        for key, part in inner:
            found += _ways(part, (*here, key))
    return found


def _at(node: Any, way: Way) -> Any:
    for step in way:
        node = node[step]
    return node


_TURNS: Final[tuple[Callable[[Any], Any], ...]] = (
    lambda part: [part],
    lambda part: {"value": part},
    str,
    lambda _: None,
    lambda _: 7,
    lambda _: True,
)


def _json(content: bytes, operation: str, at: int, other: int) -> bytes:
    body = json.loads(content)
    ways = _ways(body)
    if not ways:
        return content
    *way, last = ways[at % len(ways)]
    holder, elsewhere = _at(body, tuple(way)), ways[other % len(ways)]
    part = holder[last]
    match operation:
        case "drop":
            del holder[last]
        case "double":
            if isinstance(holder, list):
                holder.insert(int(last), deepcopy(part))
            else:
                holder[last] = [deepcopy(part), part]
        case "retag":
            if isinstance(holder, dict):
                holder[str(elsewhere[-1])] = holder.pop(last)
        case "put":
            holder[last] = deepcopy(_at(body, elsewhere))
        case "empty":
            holder[last] = type(part)() if part is not None else ""
        case _:
            holder[last] = _TURNS[other % len(_TURNS)](part)
    return json.dumps(body).encode()


def _xml(content: bytes, operation: str, at: int, other: int) -> bytes:
    root = etree.fromstring(content)
    parts = [part for part in root.iter("*") if part is not root]
    if not parts:
        return content
    part, elsewhere = parts[at % len(parts)], parts[other % len(parts)]
    above = part.getparent()
    assert above is not None
    match operation:
        case "drop":
            above.remove(part)
        case "double":
            above.insert(above.index(part), deepcopy(part))
        case "retag":
            part.tag = elsewhere.tag
        case "put":
            above.replace(part, deepcopy(elsewhere))
        case "empty":
            part.clear()
        case _:
            part.set("value", elsewhere.get("value") or str(elsewhere.tag))
    return etree.tostring(root)


def _hl7(content: bytes, operation: str, at: int, other: int) -> bytes:
    segments = [segment.split(b"|") for segment in content.replace(b"\n", b"\r").split(b"\r")]
    places = [(s, f) for s, segment in enumerate(segments) for f in range(len(segment))]
    (s, f), (s2, f2) = places[at % len(places)], places[other % len(places)]
    match operation:
        case "drop":
            del segments[s][f]
        case "double":
            segments.insert(s, list(segments[s]))
        case "retag":
            segments[s][0] = segments[s2][0]
        case "put":
            segments[s][f] = segments[s2][f2]
        case "empty":
            segments[s][f] = b""
        case _:
            segments[s], segments[s2] = segments[s2], segments[s]
    return b"\r".join(b"|".join(segment) for segment in segments)
