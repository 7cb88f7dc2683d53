"""A dry run: records through the whole line in memory, and what alerts they would change.

The stages, the policy and the codec are the line's own; nothing is read from Kafka and nothing
is written anywhere. The line is run twice by the same clock, with the records and without, so
that what only time brings is not taken for theirs. Agents are left out: nobody is asked. That
nobody answers an alert is of this run and not of the records: what is said of it is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from kinbridge.adapters.outcomes import PSEUDONYMS, Feed
from kinbridge.adapters.recorded import Record
from kinbridge.partnership.model import Partnership
from kinbridge.pipeline import stages
from kinbridge.runtime.memory import Line
from kinbridge.sources.model import Sources
from kinbridge_schemas.alerts import AlertRevision, Reason
from kinbridge_schemas.base import Contract
from kinbridge_schemas.concerns import AlertProposed, SharingDecision
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.topics import Topics

C = TypeVar("C", bound=Contract)

_STEP: Final = timedelta(minutes=30)
_OF_SILENCE: Final = frozenset({Reason.ESCALATED_NO_ACK, Reason.REMINDER, Reason.ACK_EXPIRED})


@dataclass(frozen=True, slots=True)
class Scene:
    """The line that records are tried in: its policies and sources, and what was known before.

    `before` are feeds with their records, in the order in which they came.
    """

    topics: Topics
    policies: Mapping[AuthorityCode, Partnership]
    sources: Sources
    before: tuple[tuple[Feed, tuple[Record, ...]], ...] = ()
    watch: timedelta = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Effect:
    """What records would do: rules that would fire, decisions to share, alerts, ends."""

    rules: tuple[str, ...]
    sharing: tuple[str, ...]
    alerts: tuple[str, ...]
    ends: tuple[str, ...]


def effect_of(scene: Scene, feed: Feed, records: Sequence[Record]) -> Effect:
    """Give what records would change, a line for each thing. Names rules, teams and codes."""
    without, with_them = (_played(scene, feed, told) for told in ((), records))
    return Effect(
        rules=_more(scene, without, with_them, AlertProposed, _rule),
        sharing=_more(scene, without, with_them, SharingDecision, _decision),
        alerts=_more(scene, without, with_them, AlertRevision, _alert),
        ends=_more(scene, without, with_them, Disposition, lambda d: f"{d.end} {d.reason}"),
    )


def _played(scene: Scene, feed: Feed, records: Sequence[Record]) -> Line:
    line = Line(stages(PSEUDONYMS, scene.policies, scene.sources), scene.topics, codec())
    for each, told in (*scene.before, (feed, records)):
        line.tick(each.start)
        for number, record in enumerate(told):
            entry = each.entry(number, record)
            headers = tuple(to_headers(entry.envelope))
            line.send_bytes(entry.topic, entry.key.encode(), entry.value, headers)
            line.run()
    for now in _clock(feed.start, scene.watch):
        line.tick(now)
        line.run()
    return line


def _clock(start: datetime, watch: timedelta) -> Iterator[datetime]:
    for step in range(1, watch // _STEP + 1):
        yield start + step * _STEP


def _more(
    scene: Scene,
    without: Line,
    with_them: Line,
    kind: type[C],
    shown: Callable[[C], str],
) -> tuple[str, ...]:
    before, after = (
        Counter(shown(body) for body in _bodies(scene.topics, line, kind))
        for line in (without, with_them)
    )
    return (
        *(f"+ {text}{_times(count)}" for text, count in sorted((after - before).items())),
        *(f"- {text}{_times(count)}" for text, count in sorted((before - after).items())),
    )


def _times(count: int) -> str:
    return f" (x{count})" if count > 1 else ""


def _bodies(topics: Topics, line: Line, kind: type[C]) -> Iterator[C]:
    for topic in topics.topics:
        if topic.schema_ == kind.contract:
            for message in line.outputs(topic.name):
                if isinstance(message.body, kind) and not _of_silence(message.body):
                    yield message.body


def _of_silence(body: Contract) -> bool:
    return isinstance(body, AlertRevision) and body.reason in _OF_SILENCE


def _rule(proposed: AlertProposed) -> str:
    found = proposed.concern
    return (
        f"{found.rule} {found.status}, {found.urgency.value}, {found.tier.value}, "
        f"to {found.arm} of {found.authority}, asks {found.asked.owner}"
    )


def _decision(made: SharingDecision) -> str:
    basis = f", {made.basis}" if made.basis else ""
    return f"{made.rule} {made.decision}: {made.reason}{basis}"


def _alert(said: AlertRevision) -> str:
    rules = ", ".join(sorted({item.concern.rule for item in said.items}))
    return (
        f"{said.arm} of {said.authority}, opening {said.opening}, revision "
        f"{said.revision}: {said.reason.value}, {said.urgency.value}, {said.state}, {rules}"
    )
