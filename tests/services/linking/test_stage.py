"""Linking as the engine runs it: batches, repeats, and nothing left of people not known."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Final

import pytest

from kinbridge.linking.stage import declare
from kinbridge.runtime.memory import Line
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import EdAttended
from kinbridge_schemas.linked import EventLinked, LinkedEvent
from kinbridge_schemas.topics import load_topics
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS
from tests.services.linking.desk import BEN, START, day, event, mother, person
from tests.services.linking.test_order import OF_AUTHORITY, OF_HEALTH, OPENINGS

TOPICS: Final = load_topics(Path(__file__).resolve().parents[3] / "topics.yaml").with_partitions(3)


def a_line(seed: int | None = None) -> Line:
    disorder = Random(seed) if seed is not None else None
    return Line([declare(pseudonymiser=PSEUDONYMS)], TOPICS, codec(), disorder=disorder)


def send(line: Line, *events: ChildEvent) -> None:
    for n, each in enumerate(events):
        envelope = Envelope(
            id=each.id,
            type=each.contract,
            source="stage:mapping",
            recorded=each.observed,
            correlation=each.id,
            causation=derive_id("message", each.id, str(n)),
        )
        line.send("child-events", each.subject, each, envelope)


def linked(line: Line) -> set[tuple[str, str]]:
    found = [m.body for m in line.outputs("linked-events") if isinstance(m.body, LinkedEvent)]
    return {(b.child_ref, b.happened.fact) for b in found if isinstance(b.happened, EventLinked)}


def ends(line: Line) -> list[str]:
    found = [m.body for m in line.outputs("dispositions")]
    return sorted(b.end for b in found if isinstance(b, Disposition))


def test_who_is_not_known_is_in_no_document_state_or_key() -> None:
    line = a_line()
    attended = EdAttended(attendance_id="attendance-1", arrived=START)

    send(line, event(attended, person(Role.CHILD, nhs=BEN), mother(), at=day(1)))
    line.run()

    assert ends(line) == ["not-known"]
    assert line.documents("linking") == {}
    assert set(line.states("linking")) == {"linking"}
    assert line.outputs("linked-events") == []


@pytest.mark.parametrize("seed", range(3))
def test_batches_and_repeats_of_the_engine_change_nothing(seed: int) -> None:
    plain, disturbed = a_line(), a_line(seed)

    for line in (plain, disturbed):
        send(line, *OPENINGS)
        line.run()
        send(line, *OF_HEALTH)
        line.run()

    assert linked(disturbed) == linked(plain)
    assert ends(disturbed) == ends(plain)


def test_every_fact_sent_has_one_end() -> None:
    line = a_line(5)

    send(line, *OF_AUTHORITY, *OF_HEALTH)
    line.run()

    assert len(ends(line)) == len(OF_AUTHORITY) + len(OF_HEALTH)


def test_no_name_of_a_document_or_key_of_an_output_holds_an_identifier() -> None:
    line = a_line()

    send(line, *OF_AUTHORITY)
    line.run()

    names = [*line.documents("linking"), *(m.key for m in line.outputs("linked-events"))]
    assert names
    assert all(re.fullmatch(r"(\w+:)?(sk|child)-[a-z2-7]{32}(:\d+)?", name) for name in names)
