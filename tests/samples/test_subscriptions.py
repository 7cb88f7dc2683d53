"""The official samples of subscriptions at the door: what notifies comes in, all else does not."""

from __future__ import annotations

import pytest

from tests.samples.table import NHS
from tests.services.intake.subscriptions.doorway import PATH, SHOWN, a_door

pytestmark = pytest.mark.samples


async def test_every_official_notification_comes_in_by_the_door() -> None:
    found = {}
    async with a_door() as (client, _):
        for path in sorted((NHS / "subscriptions-backport-r4").glob("*_example.json")):
            answer = await client.post(PATH, content=path.read_bytes(), headers=SHOWN)
            found[path.stem.removesuffix("_example")] = answer.status_code

    assert found == {
        "capability_statement": 400,
        "empty_notification_bundle": 200,
        "empty_notification_bundle_non_conformant": 200,
        "full_resource_notification_bundle": 200,
        "handshake_bundle": 200,
        "heartbeat_bundle": 200,
        "id_only_notification_bundle": 200,
        "subscription_resource": 400,
        "subscription_status": 400,
    }
