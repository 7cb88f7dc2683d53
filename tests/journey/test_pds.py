"""A signal comes out of the mailbox, PDS is asked, and what it says takes hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from kinbridge.intake.mesh.decide import Desk, Head, Parcel
from kinbridge.intake.mesh.unpack import Chunk
from kinbridge.sources.mesh import Mailbox
from kinbridge.sources.model import Sources
from kinbridge_fhir.envelope import signal_id
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.retrieval import Retrieval
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.pds import patient, signal
from tests.journey.people import Family, appointment, from_cases
from tests.journey.world import CODEC, MemoryWorld
from tests.services.retrieval.pds_asking import agent_of, pds, performing
from tests.services.retrieval.pds_stub import Key, PdsStub, a_key, a_pds

NOW: Final = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
EXPECTED: Final = Family("iris", edd="2026-11-29")
BORN: Final = Family("jude", born="2021-01-15")
MOTHER: Final = EXPECTED.numbers["mother"]
CHILD: Final = BORN.numbers["child"]
STRANGER: Final = Family("nobody").numbers["mother"]
PLACE: Final = b"Example Maternity Unit"
DESK: Final = Desk(
    Mailbox.model_validate(
        {
            "source": "mns",
            "mailbox": "X26ABC1",
            "address_setting": "KINBRIDGE_MESH",
            "password_setting": "KINBRIDGE_MESH_PASSWORD",
            "shared_key_setting": "KINBRIDGE_MESH_SHARED",
            "workflows": {"MNS_SIGNALS": "mns-signal"},
        }
    ),
    {"mns-signal": signal_id},
)

Make = Callable[..., MemoryWorld]


@pytest.fixture(scope="module")
def key() -> Key:
    return a_key()


@pytest.fixture
def worlds() -> list[MemoryWorld]:
    return []


@pytest.fixture
def stub(key: Key, worlds: list[MemoryWorld]) -> Iterator[PdsStub]:
    def now() -> datetime:
        return worlds[-1].now() if worlds else NOW

    with a_pds(key, now) as served:
        served.records = {
            MOTHER: patient(MOTHER, birthDate="2004-03-11"),
            CHILD: patient(CHILD, birthDate="2021-01-15"),
        }
        yield served


@pytest.fixture
def a_world(stub: PdsStub, worlds: list[MemoryWorld]) -> Iterator[Make]:
    with ExitStack() as open_:

        def make(family: Family | None = EXPECTED, **changes: Any) -> MemoryWorld:
            found = pds(**changes)
            performs = open_.enter_context(performing(agent_of(stub, found)))
            world = MemoryWorld(
                NOW - 40 * DAY, sources=Sources(pds=found), performs={"retrieval": performs}
            )
            worlds.append(world)
            if family is not None:
                world.send(from_cases(*family.on_a_plan(world.now())))
            world.until(NOW)
            return world

        yield make


def signalled(world: MemoryWorld, who: str, own: str = "signal-1", **more: Any) -> None:
    """A signal is fetched out of the mailbox, as the poller would."""
    content = json.dumps(signal(subject=who, own=own, at=world.now().isoformat(), **more))
    parcel = Parcel(Head(own, "MNS_SIGNALS"), (Chunk(content.encode(), gzip=False),))
    decision = DESK.decide(parcel, world.arrival)
    assert decision.reason == "taken"
    world.put(decision.entry)
    world.pass_time(minutes=1)


def misses(world: MemoryWorld) -> None:
    world.send(appointment(EXPECTED, "a1", world.now() - 2 * DAY, recorded=world.now()))
    world.pass_time(hours=1)


def questions(world: MemoryWorld) -> list[Retrieval]:
    found = (message.body for message in world.line.outputs("retrievals"))
    return [body for body in found if isinstance(body, Retrieval)]


def record(world: MemoryWorld) -> ChildRecord:
    found = (message.body for message in world.line.outputs("linked-events"))
    children = [body.child for body in found if isinstance(body, LinkedEvent)]
    return max(children, key=lambda child: child.revision)


def mothers(world: MemoryWorld) -> str:
    (found,) = [r.restriction for r in record(world).related if r.relation is Role.MOTHER]
    return found


def told(world: MemoryWorld) -> list[TeamAlert]:
    found = (m.body for m in world.line.outputs("alerts.macpt.{authority}", authority="209"))
    return [body for body in found if isinstance(body, TeamAlert)]


def ends(world: MemoryWorld) -> list[tuple[str, str]]:
    return [(d.end, d.reason) for d in world.dispositions()]


def test_a_mother_becomes_restricted_and_the_place_leaves_her_childs_open_alert(
    a_world: Make, stub: PdsStub
) -> None:
    world = a_world()
    misses(world)
    before = told(world)
    assert PLACE in CODEC.encode(before[-1])
    stub.records[MOTHER] = patient(MOTHER, marks=("R",), birthDate="2004-03-11")
    stub.records[MOTHER]["meta"]["versionId"] = "3"

    signalled(world, MOTHER, record_version='W/"3"')
    world.pass_time(hours=1)

    assert [q.why for q in questions(world)] == ["case-opened", "signal"]
    assert mothers(world) == "sensitive"
    after = told(world)[len(before) :]
    assert after
    assert all(alert.restricted and alert.content is None for alert in after)
    assert PLACE not in b"".join(CODEC.encode(alert) for alert in after)


def test_a_restriction_that_pds_lifts_is_lifted(a_world: Make, stub: PdsStub) -> None:
    stub.records[MOTHER] = patient(MOTHER, marks=("R",), birthDate="2004-03-11")
    world = a_world()
    world.pass_time(minutes=1)
    before = mothers(world)
    stub.records[MOTHER] = patient(MOTHER, birthDate="2004-03-11")
    stub.records[MOTHER]["meta"]["versionId"] = "3"

    signalled(world, MOTHER)

    assert (before, mothers(world)) == ("sensitive", "none")


def test_about_somebody_unknown_nobody_is_asked_and_nothing_is_kept(
    a_world: Make, stub: PdsStub
) -> None:
    world = a_world(None)
    stub.records[STRANGER] = patient(STRANGER, marks=("R",))

    signalled(world, STRANGER)

    assert ends(world) == [("not-known", "no-open-case")]
    assert stub.asked == []
    assert questions(world) == []
    assert world.line.documents("linking") == {}
    assert world.line.states("retrieval") == {}
    kept = f"{world.line.states('mapping')} {world.line.states('linking')}"
    assert STRANGER not in kept


def test_a_test_signal_ends_as_a_heartbeat(a_world: Make) -> None:
    world = a_world(None)

    for n in range(3):
        signalled(world, STRANGER, f"test-{n}", kind="mns-test-signal-1")

    assert ends(world) == [("no-fact", "heartbeat")] * 3


def test_the_same_signal_twice_is_followed_once_and_another_under_its_id_is_a_conflict(
    a_world: Make, stub: PdsStub
) -> None:
    world = a_world()
    asked = len(stub.asked)
    content = {"own": "signal-1", "at": "2026-11-11T09:00:00Z"}
    for body in (signal(subject=MOTHER, **content), signal(subject=MOTHER, **content)):
        parcel = Parcel(Head("m", "MNS_SIGNALS"), (Chunk(json.dumps(body).encode(), gzip=False),))
        world.put(DESK.decide(parcel, world.arrival).entry)
    world.pass_time(minutes=1)
    followed = len(stub.asked) - asked

    signalled(world, STRANGER, "signal-1")

    assert followed == 1
    assert ("duplicate", "same-content") in ends(world)
    assert ("parked-conflict", "same-version-other-content") in ends(world)


def test_a_child_whose_number_is_invalidated_is_severed(a_world: Make, stub: PdsStub) -> None:
    world = a_world(BORN)
    assert record(world).open
    stub.invalidated.add(CHILD)

    signalled(world, CHILD, kind="nhs-number-change-2")

    last = record(world)
    assert (last.open, last.shielded, last.nhs_number) == (False, True, None)
    asked = len(stub.asked)
    signalled(world, CHILD, "signal-2")
    assert ("not-known", "no-open-case") in ends(world)
    assert len(stub.asked) == asked


def test_a_number_that_was_superseded_is_followed(a_world: Make, stub: PdsStub) -> None:
    world = a_world(BORN)
    successor = BORN.numbers["baby"]
    stub.records[CHILD] = patient(successor, birthDate="2021-01-15")
    signalled(world, CHILD, kind="nhs-number-change-2")
    stub.records[successor] = patient(successor, marks=("R",), birthDate="2021-01-15")
    stub.records[successor]["meta"]["versionId"] = "3"

    signalled(world, successor, "signal-2")

    assert stub.asked[-1].path.endswith(successor)
    assert record(world).restriction == "sensitive"
    assert record(world).open


def test_when_pds_is_away_until_the_time_is_up_that_is_an_end_and_not_silence(
    a_world: Make, stub: PdsStub
) -> None:
    stub.refuse = [(503, {})] * 1_000
    world = a_world(within=timedelta(minutes=30))
    world.pass_time(hours=2)

    assert ("no-fact", "no-answer") in ends(world)
    assert world.line.tasks("retrieval") == {}
    assert record(world).open


def test_nobody_is_named_in_a_key_or_a_header_on_the_way(a_world: Make) -> None:
    world = a_world()
    signalled(world, MOTHER)
    topics = ("received.nhs", "retrievals", "retrieval-outcomes", "received.retrieved")

    for topic in topics:
        messages = world.line.outputs(topic)
        assert messages
        assert not any(MOTHER in f"{m.key} {m.envelope!r} {m.body!r}" for m in messages)
