"""A meeting through the whole line: said at the doors of meetings, told to who must act."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kinbridge.intake.decide import Accepted, Entrance
from kinbridge.intake.keys import SourceKey
from kinbridge.intake.meetings import PATHS, take
from kinbridge_schemas.alerts import AlertRevision
from kinbridge_schemas.vocabulary import Urgency
from tests.journey.people import Family, from_cases
from tests.journey.world import MemoryWorld

NOW: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
CHILD: Final = Family("kit", born="2021-01-15")
SEAT: Final = {"agency": "health", "role": "macpt_health_lead"}
DIARY: Final = SourceKey(
    name="diary",
    sha256="0" * 64,
    source="diary",
    doors=frozenset({"meetings"}),
    authority="209",
)


class Diary:
    """A MACPT's administrator, who says what happens to one meeting."""

    def __init__(self) -> None:
        self.world: Final = MemoryWorld(NOW - 20 * DAY)
        self.world.send(from_cases(*CHILD.on_a_plan(self.world.now())))
        self.world.until(NOW)
        self._said = 0

    def says(self, path: str, **fields: Any) -> None:
        self._said += 1
        own = {"id": f"c{self._said}", "meeting": "SD-1", "by": "staff-12"}
        body = json.dumps({**own, "at": self.world.now().isoformat(), **fields}).encode()
        arrival = self.world.arrival
        decided = take(body, Entrance(DIARY, arrival.pseudonymiser, arrival.now), kind=PATHS[path])
        assert isinstance(decided, Accepted)
        self.world.put(*decided.entries)

    def schedules(self, start: datetime) -> None:
        children = [{"la_child_id": CHILD.child["la_child_id"]}]
        kind = "strategy-discussion"
        self.says("schedule", kind=kind, start_at=start.isoformat(), children=children)

    def of(self, rule: str) -> list[tuple[AlertRevision, str, Urgency]]:
        """The revisions that show an item of a rule, with how it stands."""
        return [
            (alert, item.concern.status, item.concern.urgency)
            for alert in self.world.alerts()
            for item in alert.items
            if item.concern.rule == rule
        ]


def test_the_health_lead_hears_and_an_unanswered_invitation_is_told_before_the_start() -> None:
    diary = Diary()
    diary.schedules(NOW + 2 * DAY)
    diary.says("invite", invitations=[SEAT])
    diary.world.pass_time(hours=1)
    prepared = diary.of("R4")
    quiet = diary.of("R5")
    diary.world.watch(NOW + DAY + timedelta(hours=1))
    unanswered = diary.of("R5")
    diary.says("reply", **SEAT, response="accept")
    diary.world.pass_time(hours=1)

    assert [(a.arm, s, u) for a, s, u in prepared][:1] == [("macpt", "active", Urgency.U2)]
    assert quiet == []
    assert [(s, u) for _, s, u in unanswered][-1:] == [("active", Urgency.U2)]
    assert diary.of("R5")[-1][1] == "ended"


def test_a_command_that_does_not_fit_says_nothing_and_is_on_record() -> None:
    diary = Diary()
    diary.schedules(NOW + 2 * DAY)
    diary.says("cancel", reason="facts-established")
    diary.says("reschedule", start_at=(NOW + 3 * DAY).isoformat())
    diary.world.pass_time(hours=1)

    ends = Counter((d.end, d.reason) for d in diary.world.dispositions())
    assert ends["parked-conflict", "meeting-cancelled"] == 1
    assert [status for _, status, _ in diary.of("R4") if status == "active"] == []


def test_each_command_has_exactly_one_end_for_each_fact() -> None:
    diary = Diary()
    diary.schedules(NOW + 2 * DAY)
    diary.says("invite", invitations=[SEAT, {"agency": "police", "role": "police_officer"}])
    diary.says("attendance", parts=[{**SEAT, "participation": "attended"}])
    diary.says("outcome", outcome="no-s47")
    diary.world.pass_time(hours=1)

    ends = Counter((d.message, d.fact) for d in diary.world.dispositions())
    assert set(ends.values()) == {1}
    assert {d.end for d in diary.world.dispositions()} == {"mapped-and-linked"}
