"""The file of keys: read whole or refused, and never shown."""

from __future__ import annotations

import pytest

from kinbridge.intake.keyring import KeysError, parse_keys
from kinbridge.intake.keys import sha256_of

GOOD = f"""
keys:
  - name: lewisham-cases
    sha256: {sha256_of("a long random key")}
    source: liquidlogic
    authority: "209"
    doors: [events, children]
"""


def test_a_key_is_found_by_itself_and_by_nothing_else() -> None:
    keys = parse_keys(GOOD)

    found = keys.find("a long random key")
    assert found is not None
    assert found.case_source == "209.liquidlogic"
    assert keys.find("another") is None
    assert keys.find(found.sha256) is None


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param('    authority: "209"\n', "", "keys.0", id="a case system of no authority"),
        pytest.param("doors: [events", "doors: [windows", "keys.0.doors", id="no such door"),
        pytest.param("name:", "nmae:", "keys.0.name", id="a misspelt field"),
        pytest.param(sha256_of("a long random key"), "plain", "keys.0.sha256", id="a plain key"),
        pytest.param("keys:", "key:", "keys", id="no keys"),
        pytest.param("keys:", "keys: [", "YAML", id="no YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_no_value(
    old: str, new: str, place: str
) -> None:
    with pytest.raises(KeysError) as raised:
        parse_keys(GOOD.replace(old, new))

    assert place in str(raised.value)
    assert sha256_of("a long random key") not in str(raised.value)


def test_one_key_cannot_be_two_senders() -> None:
    twice = GOOD + GOOD.split("keys:\n")[1].replace("lewisham-cases", "other")

    with pytest.raises(KeysError, match="two keys with one sha256"):
        parse_keys(twice)
