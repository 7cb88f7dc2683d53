"""TLS: who is let in, and what of a feed's files refuses the start."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from kinbridge.intake.mllp.serving import tls_of
from kinbridge.sources.loader import SourcesError
from tests.adapters.hl7v2.messages import arrival
from tests.integration.mesh import Certificates, certificates
from tests.services.intake.door import InMemory
from tests.services.intake.mllp.talk import Place, a_feed, a_place

TLS = {
    "certificate_setting": "KINBRIDGE_MLLP_CERTIFICATE",
    "key_setting": "KINBRIDGE_MLLP_KEY",
    "client_ca_setting": "KINBRIDGE_MLLP_CLIENTS",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"))


def settings_of(files: Certificates, **changes: str) -> Callable[[str], SecretStr]:
    held = {
        "KINBRIDGE_MLLP_CERTIFICATE": str(files.server),
        "KINBRIDGE_MLLP_KEY": str(files.server_key),
        "KINBRIDGE_MLLP_CLIENTS": str(files.authority),
    }
    return lambda name: SecretStr(changes.get(name, held[name]))


async def answered(place: Place, tls: ssl.SSLContext | None) -> bool:
    """Send a message, and say whether it was answered."""
    try:
        async with place.connected(tls) as sender:
            await sender.send(arrival("M1"))
            return bool(await sender.reader.read(1))
    except (ConnectionError, ssl.SSLError):
        return False


async def test_only_a_sender_with_a_certificate_of_ours_is_let_in(
    files: Certificates, tmp_path: Path
) -> None:
    durable, feed = InMemory(), a_feed(tls=TLS)
    nobody = ssl.create_default_context(cafile=files.authority)
    stranger = ssl.create_default_context(cafile=files.authority)
    other = certificates(tmp_path)
    stranger.load_cert_chain(other.client, other.client_key)

    async with a_place(durable, feed, tls_of(feed, settings_of(files))) as place:
        let_in = [await answered(place, tls) for tls in (files.context, nobody, stranger, None)]

    assert let_in == [True, False, False, False]
    assert len(durable.records) == 1


async def test_without_client_authorities_every_sender_of_the_network_is_let_in(
    files: Certificates,
) -> None:
    feed = a_feed(tls={**TLS, "client_ca_setting": None})
    nobody = ssl.create_default_context(cafile=files.authority)

    async with a_place(InMemory(), feed, tls_of(feed, settings_of(files))) as place:
        assert await answered(place, nobody)


@pytest.mark.parametrize("setting", ["CERTIFICATE", "KEY", "CLIENTS"])
def test_files_that_cannot_be_used_refuse_the_start_without_showing_where_they_lie(
    files: Certificates, setting: str
) -> None:
    spoilt = settings_of(files, **{f"KINBRIDGE_MLLP_{setting}": "not-there.pem"})

    with pytest.raises(SourcesError, match="mllp, example-trust") as raised:
        tls_of(a_feed(tls=TLS), spoilt)

    assert "not-there" not in str(raised.value)


def test_a_feed_without_tls_needs_no_files() -> None:
    def nothing(name: str) -> SecretStr:
        raise AssertionError(name)

    assert tls_of(a_feed(), nothing) is None
