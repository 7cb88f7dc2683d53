"""Questions for care, the server they go to, and attempts by the stage's own agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from kinbridge.retrieval.agent import Asking, asking
from kinbridge.retrieval.decide import task
from kinbridge.retrieval.state import Errand
from kinbridge.sources.care import CareServer
from kinbridge.sources.model import Sources
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.retrieval import CareWanted, Retrieval, Retrieved, retrieval_id
from kinbridge_schemas.vocabulary import DisclosureTier, Role
from tests.builders import PSEUDONYMS, a_child_ref

NAME: Final = "example-hospital"
ADDRESS: Final = "KINBRIDGE_EXAMPLE_ADDRESS"
TOKEN: Final = "KINBRIDGE_EXAMPLE_TOKEN"  # noqa: S105 - the name of a setting
NUMBER: Final = "9000000017"
NOW: Final = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
YEAR: Final = timedelta(days=366)


def a_server(**changes: Any) -> CareServer:
    """A server that may be asked quickly, with pages of two."""
    given = {"name": NAME, "address_setting": ADDRESS, "per_second": 50, "page_size": 2}
    return CareServer.model_validate(given | changes)


def a_question(
    *,
    tier: DisclosureTier = DisclosureTier.CONTENT,
    kinds: tuple[str, ...] = ("Appointment", "Encounter"),
    **changes: Any,
) -> Retrieval:
    """A question about a born child, whose case has just opened."""
    number = NhsNumber(NUMBER)
    person = PSEUDONYMS.of_nhs_number(number)
    wanted = CareWanted.model_validate(
        {
            "kinds": kinds,
            "since": NOW - YEAR,
            "until": NOW + timedelta(days=90),
            "tier": tier,
            "basis": "CP",
        }
    )
    given: dict[str, Any] = {
        "id": retrieval_id(NAME, person, "care", "case-opened", "1"),
        "destination": NAME,
        "wanted": wanted,
        "nhs_number": number,
        "person": person,
        "relation": Role.CHILD,
        "child": a_child_ref(),
        "authority": "209",
        "why": "case-opened",
        "asked": NOW,
    }
    return Retrieval(**(given | changes))


def an_errand(
    asked: Retrieval | None = None, step: str = "appointments", number: int = 1
) -> Errand:
    return Errand(asked=asked or a_question(), step=step, number=number, due=NOW)


@asynccontextmanager
async def an_agent(
    base: str, server: CareServer | None = None, shown: str = "unused"
) -> AsyncIterator[Asking]:
    """The stage's agent as the pipeline makes it, for one server."""
    settings = {ADDRESS: SecretStr(base), TOKEN: SecretStr(shown)}
    sources = Sources(care=(server or a_server(),))
    agent = asking(sources, settings.__getitem__, clock=lambda: NOW)
    try:
        yield agent
    finally:
        await agent.close()


async def attempted(agent: Asking, errand: Errand) -> Retrieved:
    output = await agent(NAME, task(errand))
    assert isinstance(output.body, Retrieved)
    return output.body
