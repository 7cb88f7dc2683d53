"""What a source's process shows to those who watch it."""

from __future__ import annotations

import httpx
import pytest

from kinbridge.intake.mesh.meters import Meters
from kinbridge.intake.mesh.serving import READERS, serve
from kinbridge.intake.watching import Watching, watch_app
from kinbridge.sources.loader import SourcesError
from kinbridge_schemas.mapped import ROUTES
from tests.services.intake.door import PSEUDONYMS


@pytest.mark.parametrize(
    ("failing", "status", "said"),
    [
        ([], 200, {"status": "ready"}),
        (["nems:access-refused"], 503, {"status": "failing", "failing": ["nems:access-refused"]}),
    ],
)
async def test_it_is_ready_while_every_mailbox_can_be_asked(
    failing: list[str], status: int, said: dict[str, object]
) -> None:
    app = watch_app(Meters().registry, lambda: failing)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://watch") as client:
        live = await client.get("/health/live")
        ready = await client.get("/health/ready")

    assert live.json() == {"status": "live"}
    assert (ready.status_code, ready.json()) == (status, said)


async def test_it_shows_its_counts() -> None:
    meters = Meters()
    meters.messages.labels("nems", "taken").inc(3)
    transport = httpx.ASGITransport(watch_app(meters.registry, list))
    async with httpx.AsyncClient(transport=transport, base_url="http://watch") as client:
        counts = (await client.get("/metrics")).text

    assert 'kinbridge_mesh_messages_total{outcome="taken",source="nems"} 3.0' in counts


def test_what_goes_on_has_a_route_of_mapping_and_an_id() -> None:
    assert set(READERS) == {"fhir-message", "mns-signal"}
    assert set(READERS) <= set(ROUTES)


def test_without_a_mailbox_there_is_nothing_to_start() -> None:
    with pytest.raises(SourcesError, match="no MESH mailbox"):
        serve([], {}, PSEUDONYMS, Watching(port=0))
