"""The picture of the line, from topics.yaml, as a Mermaid flowchart."""

from __future__ import annotations

from typing import Final

from kinbridge_schemas.topics import Topics

_STAGE: Final = '    {id}["{name}"]'
_OUTSIDE: Final = '    {id}(["{name}"])'
_TOPIC: Final = '    {id}[/"{name}"/]'


def graph(topics: Topics) -> str:
    """Give the flowchart: stages as boxes, parties outside rounded, topics slanted.

    Topics of operations hang on dotted lines, so that the way of a fact stands out.
    """
    parties = _in_order(topics)
    lines = ["flowchart LR"]
    for party in parties:
        shape = _STAGE if topics.written_by(party) else _OUTSIDE
        lines.append(shape.format(id=_id(party), name=party))
    lines += [_TOPIC.format(id=_id(topic.name), name=topic.name) for topic in topics.topics]
    for topic in topics.topics:
        arrow = "-.->" if topic.audience == "operations" else "-->"
        lines += [f"    {_id(party)} {arrow} {_id(topic.name)}" for party in topic.from_]
        lines += [f"    {_id(topic.name)} {arrow} {_id(party)}" for party in topic.to]
    return "\n".join([*lines, ""])


def _in_order(topics: Topics) -> tuple[str, ...]:
    # Writers first: they come in the order of the line.
    writers = [party for topic in topics.topics for party in topic.from_]
    readers = [party for topic in topics.topics for party in topic.to]
    return tuple(dict.fromkeys([*writers, *readers]))


def _id(name: str) -> str:
    # Mermaid reads `end` and some other words as its own: a letter in front keeps ours apart.
    return "n_" + "".join(c if c.isalnum() else "_" for c in name)
