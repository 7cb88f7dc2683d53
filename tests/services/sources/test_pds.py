"""PDS in the file of sources, and names that no feed may have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kinbridge.intake.keyring import KeysError, parse_keys
from kinbridge.intake.keys import sha256_of
from kinbridge.sources.loader import SourcesError, parse_sources
from kinbridge.sources.pds import Pds

_ADDRESS = "KINBRIDGE_PDS_ADDRESS"


def test_pds_has_five_requests_a_second_unless_more_was_agreed() -> None:
    found = parse_sources(f"pds: {{address_setting: {_ADDRESS}}}").pds

    assert found == Pds(
        address_setting=_ADDRESS, per_second=5, burst=5, related=False, within=timedelta(days=3)
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("address_setting: https://pds.example", "address_setting", id="an address"),
        pytest.param(f"address_setting: {_ADDRESS}, per_second: 0", "per_second", id="never"),
        pytest.param(f"address_setting: {_ADDRESS}, within: P9D", "within", id="for ever"),
        pytest.param(f"address_setting: {_ADDRESS}, key: hunter2", "key", id="a secret"),
        pytest.param(
            f"address_setting: {_ADDRESS}, auth: {{kind: jwt}}", "private_key_setting", id="no key"
        ),
    ],
)
def test_what_is_wrong_with_pds_is_said_by_its_place(text: str, place: str) -> None:
    with pytest.raises(SourcesError, match=place) as raised:
        parse_sources(f"pds: {{{text}}}")

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["pds", "responses"])
def test_no_feed_may_pass_for_pds_or_for_our_own_people(name: str) -> None:
    key = f"{{name: a, sha256: {sha256_of('x' * 40)}, source: {name}, doors: [nhs]}}"

    with pytest.raises(SourcesError, match="this name is taken"):
        parse_sources(f"care: [{{name: {name}, address_setting: {_ADDRESS}}}]")
    with pytest.raises(KeysError, match="this name is taken"):
        parse_keys(f"keys: [{key}]")
