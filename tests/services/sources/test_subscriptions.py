"""What the file of sources may say of a subscription: nobody can be searched for by it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kinbridge.intake.subscriptions.agent import FhirServer, check_secret
from kinbridge.intake.subscriptions.serving import asking_of, serve
from kinbridge.intake.watching import Watching
from kinbridge.sources.loader import SourcesError, parse_sources
from tests.services.intake.door import PSEUDONYMS
from tests.services.intake.subscriptions.world import a_subscription

WHOLE = """
subscriptions:
  - name: appointments
    source: example-trust
    version: "5.0"
    address_setting: KINBRIDGE_TRUST_ADDRESS
    endpoint_setting: KINBRIDGE_DOOR_ADDRESS
    secret_setting: KINBRIDGE_TRUST_SECRET
    auth: {kind: bearer, token_setting: KINBRIDGE_TRUST_TOKEN}
    topic: https://example.org/topics/appointments
    filters: ["Appointment?service-type=560"]
    payload: full-resource
    resources: [Appointment, Encounter]
    search: ["service-type=560"]
    senders: [10.1.0.0/16]
    heartbeat: PT5M
    expect_within: PT15M
"""


def test_a_subscription_says_all_that_is_needed() -> None:
    (found,) = parse_sources(WHOLE).subscriptions

    assert (found.feed, found.version) == ("example-trust.appointments", "5.0")
    assert found.resources == ("Appointment", "Encounter")


@pytest.mark.parametrize(
    ("said", "instead", "place"),
    [
        pytest.param('"5.0"', '"6.0"', "0.version", id="no such version"),
        pytest.param("KINBRIDGE_TRUST_SECRET", "hunter2", "0.secret_setting", id="a secret"),
        pytest.param("name: appointments", "name: ../x", "0.name", id="no step of an address"),
        pytest.param("https://example.org/topics", "topics of all", "0.topic", id="topic"),
        pytest.param("full-resource", "some", "0.payload", id="payload"),
        pytest.param("Encounter]", "Patient]", "0.resources", id="nobody is searched for"),
        pytest.param("PT15M", "PT9M", "two heartbeats", id="silent before it is heard"),
        pytest.param("10.1.0.0/16", "10.1.0.1/16", "0.senders", id="no network"),
        pytest.param('["service-type=560"]', "[patient=1]", "about one person", id="a person"),
        pytest.param(
            "Appointment?service-type", "Appointment?patient:identifier", "one person", id="whom"
        ),
        pytest.param('["service-type=560"]', "[actor.name=x]", "0.search", id="a chain"),
        pytest.param("heartbeat: PT5M", "secret: x", "0.secret", id="unknown"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_not_shown(
    said: str, instead: str, place: str
) -> None:
    with pytest.raises(SourcesError) as raised:
        parse_sources(WHOLE.replace(said, instead))

    assert place in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_two_subscriptions_have_two_names() -> None:
    with pytest.raises(SourcesError, match="two subscriptions have one name"):
        parse_sources(WHOLE + WHOLE.replace("\nsubscriptions:", ""))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("http://fhir.example.org/r4", id="not encrypted"),
        pytest.param("https://fhir.example.org/r4?key=x", id="a query"),
        pytest.param("https://me:pass@fhir.example.org/r4", id="a password"),
        pytest.param("fhir.example.org", id="no address"),
        pytest.param("https://[::1", id="broken"),
    ],
)
def test_a_server_that_may_not_be_asked_stops_the_start_and_is_not_shown(address: str) -> None:
    with pytest.raises(SourcesError) as raised:
        FhirServer(a_subscription(), SecretStr(address), None)

    assert "KINBRIDGE_TRUST_ADDRESS" in str(raised.value)
    assert "example" not in str(raised.value)


@pytest.mark.parametrize("secret", ["short", "with spaces " * 4, "x" * 301, "é" * 40])
def test_a_secret_that_could_be_guessed_or_not_be_sent_stops_the_start(secret: str) -> None:
    with pytest.raises(SourcesError, match="KINBRIDGE_TRUST_SECRET"):
        check_secret("KINBRIDGE_TRUST_SECRET", SecretStr(secret))


def test_a_door_that_is_not_encrypted_stops_the_start() -> None:
    settings = {
        "KINBRIDGE_TRUST_SECRET": "a-made-up-secret-of-one-subscription",
        "KINBRIDGE_TRUST_ADDRESS": "https://fhir.example.org/r4",
        "KINBRIDGE_DOOR_ADDRESS": "http://door.example.org",
    }

    async def keep(_content: bytes, _kind: str) -> None:
        raise AssertionError

    with pytest.raises(SourcesError, match="KINBRIDGE_DOOR_ADDRESS"):
        asking_of(
            a_subscription(auth={"kind": "none"}), lambda name: SecretStr(settings[name]), keep
        )


def test_without_a_subscription_there_is_nothing_to_start() -> None:
    with pytest.raises(SourcesError, match="no FHIR subscription"):
        serve([], SecretStr, {}, PSEUDONYMS, Watching(port=0))
