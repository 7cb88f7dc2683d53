"""An open load of HTTP: requests by a fixed schedule, and when each was answered with 202."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic_ns
from typing import Final

import aiohttp

from benchmarks.line.programs import KEY
from benchmarks.load import SECOND, Schedule, Sendable

PATH: Final = "/nhs/$process-message"
TYPE: Final = "application/fhir+json"
CONNECTIONS: Final = 64
WITHIN: Final = 60.0


@dataclass(slots=True)
class Answers:
    """For each number of the load that was accepted: its received id, and when it was answered."""

    accepted: dict[int, tuple[str, int]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    ended: bool = False


def knock(door: str, records: Sequence[Sendable], schedule: Schedule, answers: Answers) -> Thread:
    """Begin to send beside what measures; the caller joins the thread."""
    thread = Thread(
        target=lambda: asyncio.run(_all(door, records, schedule, answers)), daemon=True
    )
    thread.start()
    return thread


async def _all(
    door: str, records: Sequence[Sendable], schedule: Schedule, answers: Answers
) -> None:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=WITHIN)
    headers = {"X-API-Key": KEY, "Content-Type": TYPE}
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=headers
    ) as session:
        asked = []
        for number, record in enumerate(records):
            wait = schedule.due(number) - monotonic_ns()
            if wait > 0:
                await asyncio.sleep(wait / SECOND)
            one = _one(session, door + PATH, number, record, answers)
            asked.append(asyncio.create_task(one))
        await asyncio.gather(*asked)
    answers.ended = True


async def _one(
    session: aiohttp.ClientSession, url: str, number: int, record: Sendable, answers: Answers
) -> None:
    try:
        async with session.post(url, data=record.value) as answer:
            if answer.status == 202:
                body = await answer.json(content_type=None)
                answers.accepted[number] = (body["id"], monotonic_ns())
            else:
                answers.refused[str(answer.status)] += 1
    except (aiohttp.ClientError, TimeoutError) as problem:
        answers.refused[type(problem).__name__] += 1


async def ready(door: str) -> None:
    """Wait until intake answers."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(door + "/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
