"""Nothing acknowledged is lost: whatever was answered 202 is found again at one end.

While records come in, each stage's worker is killed once, and every third message is sent
again. Everything else that was sent to this line by other tests must agree too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from kinbridge.demo.templates import Request
from kinbridge.pipeline import STAGES
from kinbridge_schemas.alerts import TeamAlert
from tests.integration.door import ACCEPTED, Door
from tests.integration.line import RunningLine, clinic, headers
from tests.integration.reconciling import Sums, reconcile
from tests.journey.people import Family, appointment, emergency_arrival, from_cases

pytestmark = pytest.mark.integration

FAMILIES: Final = 18
NOW: Final = datetime.now(UTC)
OPENED: Final = NOW - timedelta(days=60)


def families() -> list[Family]:
    due = (NOW + timedelta(days=18)).date().isoformat()
    return [
        Family(f"rec{n}", edd=due) if n % 2 else Family(f"rec{n}", born="2018-04-05")
        for n in range(FAMILIES)
    ]


def told(family: Family) -> Iterator[Request]:
    """What hospitals send about one family: one or two facts."""
    if family.born is None:
        for n in (3, 5):
            yield appointment(family, f"a{n}", clinic(days_ago=n), recorded=NOW)
    else:
        yield emergency_arrival(family, NOW - timedelta(hours=2))


@pytest.fixture(scope="module")
def sums(real_line: RunningLine) -> Sums:
    """Send everything, kill each stage once on the way, and read it all back."""
    requests = [request for family in families() for request in told(family)]
    kill_at = {(n + 1) * len(requests) // (len(STAGES) + 1): s for n, s in enumerate(STAGES)}
    with Door(real_line.door) as door:
        for family in families():
            door.send(from_cases(*family.on_a_plan(OPENED)))
        real_line.until_settled()
        for number, request in enumerate(requests):
            if number in kill_at:
                real_line.kill(kill_at[number])
            assert door.send(request).status_code == ACCEPTED
            if number % 3 == 0:
                assert door.send(request).status_code == ACCEPTED
        receipts = dict(door.receipts)
    real_line.until_settled()
    found = reconcile(real_line)
    missing = sum(
        1 for own in receipts if own.startswith("received-") and own not in found.records
    )
    assert missing == 0
    return found


def test_every_record_came_to_exactly_one_end(sums: Sums) -> None:
    assert sums.records
    assert sums.wrong == {}


def test_the_sums_agree(sums: Sums) -> None:
    ends = list(sums.records.values())
    repeats = sum(len(e.repeats) for e in ends)
    linked = sum(len(e.linked) for e in ends)
    mapped = sum(len(e.mapped) for e in ends)

    assert sums.received >= len(sums.records)
    assert repeats + linked + mapped == sums.dispositions
    assert sum(len(e.letters) for e in ends) == sums.letters


def test_every_alert_came_once_with_every_item(sums: Sums, real_line: RunningLine) -> None:
    assert sums.records
    due = Counter[str]()
    for alert in last_revisions(real_line):
        if alert.content is None:
            continue
        for item in alert.content.items:
            name = item.concern.whom.la_child_id
            if name is not None and name.reveal().startswith("rec"):
                due[f"{name.reveal()} {item.concern.rule} {item.concern.status}"] += 1

    expected = Counter(
        {f"{f.name}-U R1 active": 2 for f in families() if f.born is None}
        | {f"{f.name}-C R7 active": 1 for f in families() if f.born is not None}
    )
    assert due == expected


def last_revisions(line: RunningLine) -> list[TeamAlert]:
    last: dict[str, TeamAlert] = {}
    for body in line.bodies("alerts.macpt.209"):
        if isinstance(body, TeamAlert):
            known = last.get(body.alert)
            if known is None or known.revision < body.revision:
                last[body.alert] = body
    return list(last.values())


def test_a_repeated_record_is_the_same_to_the_byte(sums: Sums, real_line: RunningLine) -> None:
    assert sums.records
    for topic in ("child-events", "linked-events", "alerts-proposed", "alerts", "dispatches"):
        said = defaultdict(set)
        for record in real_line.records(topic):
            head = headers(record)
            whole = (record.partition(), record.key(), record.value(), *sorted(head.items()))
            said[head["src"], head["seq"], record.partition()].add(whole)

        assert [place for place, bodies in said.items() if len(bodies) > 1] == [], topic
