"""Asking Eclipse whether a signature is its own."""

from __future__ import annotations

from typing import Final

import pytest
from pydantic import SecretStr, ValidationError

from kinbridge.intake.eclipse.agent import EclipseApi, NotAskedError
from kinbridge.intake.eclipse.decide import Delivery
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.model import Sources
from tests.services.intake.door import NOW
from tests.services.intake.eclipse.far_end import HEADERS, Eclipse, a_system, an_eclipse, api

SHOWN: Final = {name.removeprefix("olm.notification."): text for name, text in HEADERS.items()}
DELIVERY: Final = Delivery(SHOWN)


async def test_a_signature_is_what_eclipse_says_of_it() -> None:
    forged = Delivery({**SHOWN, "signature": "other"})
    with an_eclipse(Eclipse()) as eclipse:
        asking = api(eclipse)
        found = [await asking.are_genuine(each, "{}") for each in (DELIVERY, forged)]
        await asking.close()

    assert found == [True, False]
    assert eclipse.asked[0]["variables"]["input"] == {**SHOWN, "payload": "{}"}
    assert "verifyNotificationSignature(input: $input)" in eclipse.asked[0]["query"]


async def test_a_delivery_without_a_body_is_asked_about_without_one() -> None:
    with an_eclipse(Eclipse()) as eclipse:
        asking = api(eclipse)
        assert await asking.are_genuine(DELIVERY, "")
        await asking.close()

    assert "payload" not in eclipse.asked[0]["variables"]["input"]


async def test_a_token_is_kept_and_renewed_when_it_is_no_longer_taken() -> None:
    with an_eclipse(Eclipse()) as eclipse:
        asking = api(eclipse)
        await asking.are_genuine(DELIVERY, "{}")
        await asking.are_genuine(DELIVERY, "{}")
        before = eclipse.tokens
        eclipse.taken = 2
        again = await asking.are_genuine(DELIVERY, "{}")
        await asking.close()

    assert (before, eclipse.tokens, again) == (1, 2, True)
    assert eclipse.forms[0]["scope"] == ["api://eclipse/.default"]
    assert eclipse.forms[0]["grant_type"] == ["client_credentials"]


async def test_a_token_that_was_given_is_shown_as_it_is() -> None:
    bearer = a_system(auth={"kind": "bearer", "token_setting": "KINBRIDGE_ECLIPSE_TOKEN"})
    with an_eclipse(Eclipse()) as eclipse:
        asking = api(eclipse, bearer)
        assert await asking.are_genuine(DELIVERY, "{}")
        await asking.close()

    assert eclipse.tokens == 0


async def test_an_answer_about_another_delivery_is_no_yes() -> None:
    other = '{"data":{"verifyNotificationSignature":{"deliveryId":"d-2","verified":true}}}'
    with an_eclipse(Eclipse(answer=other)) as eclipse:
        asking = api(eclipse)
        genuine = await asking.are_genuine(DELIVERY, "{}")
        await asking.close()

    assert not genuine


@pytest.mark.parametrize(
    ("eclipse", "reason"),
    [
        pytest.param(Eclipse(status=500), "eclipse-status-500", id="broken"),
        pytest.param(Eclipse(taken=9), "eclipse-status-401", id="no token is taken"),
        pytest.param(Eclipse(answer='{"errors":[{}]}'), "eclipse-unreadable", id="errors"),
        pytest.param(Eclipse(answer="x" * 200_000), "answer-too-large", id="too much"),
        pytest.param(Eclipse(token_status=403), "token-status-403", id="no token is given"),
    ],
)
async def test_what_cannot_be_told_is_neither_yes_nor_no(eclipse: Eclipse, reason: str) -> None:
    with an_eclipse(eclipse):
        asking = api(eclipse)
        with pytest.raises(NotAskedError, match=reason):
            await asking.are_genuine(DELIVERY, "{}")
        await asking.close()


async def test_an_eclipse_that_is_away_is_said_so_without_its_address() -> None:
    with an_eclipse(Eclipse()) as eclipse:
        asking = api(eclipse)

    with pytest.raises(NotAskedError, match=r"^eclipse-not-reached$"):
        await asking.are_genuine(DELIVERY, "{}")
    await asking.close()


@pytest.mark.parametrize("address", ["http://eclipse.example.org/graphql", "ftp://x", "http://["])
def test_an_address_that_is_not_https_stops_the_start(address: str) -> None:
    with pytest.raises(SourcesError, match="KINBRIDGE_ECLIPSE_ADDRESS") as raised:
        EclipseApi(a_system(), lambda _: SecretStr(address), lambda: NOW)

    assert address not in str(raised.value)


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ((a_system(), a_system(source="210.eclipse")), "two systems have one name"),
        ((a_system(), a_system(name="other")), "two systems have one source"),
    ],
)
def test_two_systems_are_told_apart(systems: tuple[object, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Sources.model_validate({"eclipse": systems})


@pytest.mark.parametrize("wrong", [{"groups": []}, {"auth": {"kind": "none"}}, {"source": "x"}])
def test_a_system_is_closed(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_system(**wrong)
