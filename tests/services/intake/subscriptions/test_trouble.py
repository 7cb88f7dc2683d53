"""Crashes, refusals, slow and strange answers: nothing is lost, and nothing is let in or out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.fhir.messages import patient
from tests.logs import kinds_in
from tests.services.intake.subscriptions.provider import TOKEN
from tests.services.intake.subscriptions.world import (
    MOTHER,
    SECRET,
    a_world,
    missed,
    three_missed,
)


async def test_after_a_restart_it_reads_on_and_asks_only_for_what_changed_meanwhile() -> None:
    async with a_world() as world:
        await world.subscribe()
        await three_missed(world)
        kept = (world.log.kept, len(world.durable.records))
        await world.close()
        await world.provider.happen(missed("a4"))
        world.clock.on(hours=3)
        searches = len(world.asked("GET Appointment?"))
        await world.restart()
        await world.turn()

        (search,) = world.asked("GET Appointment?")[searches:]
        assert kept[0] > 0
        assert world.told() == ["assert"] * 4
        assert "ge2026-03-02T10:10" in search.replace("%3A", ":")


async def test_what_could_not_be_fetched_is_fetched_after_a_restart() -> None:
    async with a_world() as world:
        await world.subscribe()
        kept = world.log.kept
        world.provider.lacks["Appointment"] = 503
        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        unsettled = (world.log.kept, world.client.failing)
        world.provider.lacks.clear()
        await world.restart()
        await world.turn()

        assert unsettled == (kept, ["appointments:status-503"])
        assert len(world.asked("GET Appointment/a1")) == 2
        assert world.told() == ["assert"]


async def test_what_kafka_does_not_take_is_asked_for_again() -> None:
    async with a_world() as world:
        await world.subscribe()
        await world.provider.happen(missed("a1"))
        world.durable.refuses, world.durable.refuse_after = "msg-timed-out", 0
        await world.turn(seconds=1)
        failing = world.client.failing
        world.durable.refuses = ""
        await world.turn(seconds=6)

        assert failing == ["appointments:not-durable-msg-timed-out"]
        assert world.told() == ["assert"]
        assert world.said("subscription.server-answers") == 1


async def test_one_resource_that_always_fails_holds_up_no_other() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.lacks["Appointment/a1"] = 500
        await world.provider.happen(missed("a1"))
        await world.provider.happen(missed("a2"))
        for _ in range(8):
            await world.turn(minutes=3)

        assert world.said("subscription.not-fetched") == 1
        assert world.told() == ["assert"] * 2
        assert world.own.watch.settled


@pytest.mark.parametrize(
    "reference", ["https://other.example.org/fhir/Appointment/a1", "Appointment/../../admin"]
)
async def test_nothing_but_this_servers_resources_is_asked_for(reference: str) -> None:
    async with a_world() as world:
        await world.subscribe()
        sending = world.provider.event(world.provider.put(missed("a1")))
        for part in sending.body["entry"][0]["resource"]["parameter"][-1]["part"]:
            if part["name"] == "focus":
                part["valueReference"]["reference"] = reference
        asked = len(world.provider.asked)
        await world.provider.send(sending)
        await world.turn(seconds=1)

        assert world.provider.asked[asked:] == []
        assert world.own.watch.settled


async def test_a_page_of_another_origin_is_not_followed() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.page = 1
        for own in ("a1", "a2"):
            world.provider.put(missed(own))
        world.provider.base = "http://127.0.0.1:9/fhir"

        await world.turn(minutes=15)

        assert world.client.failing == ["appointments:page-elsewhere"]


async def test_an_answer_beyond_its_limit_is_read_no_further() -> None:
    async with a_world(max_bytes=10_000) as world:
        await world.subscribe()
        world.provider.put(missed("a1", comment="x" * 20_000))

        await world.turn(minutes=15)

        assert world.client.failing == ["appointments:answer-too-large"]


async def test_a_server_that_asks_for_time_is_given_it() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.fails, world.provider.headers = 429, {"retry-after": "120"}
        await world.turn(minutes=15)
        asked = [len(world.provider.asked)]
        for seconds in (60, 61):
            await world.turn(seconds=seconds)
            asked.append(len(world.provider.asked))

        assert asked[0] == asked[1] < asked[2]
        assert world.client.failing == ["appointments:status-429"]


async def test_an_answer_that_is_compressed_or_no_json_is_not_read() -> None:
    async with a_world() as world:
        await world.subscribe()
        found = []
        for kind in ({"content-encoding": "gzip"}, {"content-type": "text/html"}):
            world.provider.headers = kind
            await world.turn(minutes=15)
            found += world.client.failing

        assert found == ["appointments:answer-encoded", "appointments:answer-not-json"]


async def test_a_slow_server_does_not_stop_the_log_from_being_read() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.client.patience = 0.05
        world.provider.stuck = "Appointment"
        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        again = await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        meanwhile = (world.own.watch.handled, world.own.watch.settled)
        world.provider.stuck = ""
        world.provider.go.set()
        await asyncio.wait_for(world.own.task or asyncio.sleep(0), 5)
        await world.turn()

        assert (again, meanwhile) == (200, (2, False))
        assert world.asked("GET Appointment/a1") == ["GET Appointment/a1"] * 2
        assert world.own.watch.settled


async def test_a_number_of_a_person_stands_in_no_address_no_log_and_no_key() -> None:
    async with a_world(version="5.0") as world:
        world.provider.put(patient(MOTHER, MOTHER, "1998-05-04"))
        with capture_logs() as logs:
            await world.subscribe()
            await world.provider.happen(missed("a1", participant=[_about(MOTHER)]))
            await world.turn(seconds=1)
            world.provider.fails = 500
            await world.turn(minutes=15)

        said = "\n".join(map(str, logs))
        keys = "\n".join(record.key for record in world.durable.records)
        assert world.told() == ["assert"]
        assert [a for a in world.provider.asked if MOTHER in a] == []
        assert world.asked("POST Patient/_search") != []
        assert kinds_in(said) | kinds_in(keys) | kinds_in(str(world.own)) == set()
        assert [word for word in (SECRET, TOKEN, "http", "Appointment/") if word in said] == []


def _about(own: str) -> dict[str, Any]:
    return {"actor": {"reference": f"Patient/{own}"}, "status": "accepted"}
