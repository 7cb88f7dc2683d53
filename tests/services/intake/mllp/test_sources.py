"""What the file of sources may say of an HL7 v2 feed."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge.intake.mllp.serving import serve
from kinbridge.intake.watching import Watching
from kinbridge.mapping.routes import routes_of
from kinbridge.sources.loader import SourcesError, parse_sources
from tests.services.intake.mllp.talk import PSEUDONYMS, a_feed

WHOLE = """
mllp:
  - source: example-trust
    host: 10.1.2.3
    port: 2575
    tls: {certificate_setting: KINBRIDGE_MLLP_CERTIFICATE, key_setting: KINBRIDGE_MLLP_KEY}
    networks: [10.9.0.0/24]
    senders: [{application: PAS, facility: RJ1}]
    charsets: [utf-8, cp1252]
    expect_within: PT2H
    codes:
      patient_classes: {ED: emergency}
      services: {MW01: maternity}
      attendance: {DNA: missed, WNB: not-brought}
      presentations: {'17': other}
      provider: {ods: RJ1}
      appointment_number: PV1-19
"""


def test_a_feed_says_all_that_is_needed() -> None:
    (found,) = parse_sources(WHOLE).mllp

    assert (found.host, found.port, found.processing) == ("10.1.2.3", 2575, "P")
    assert found.codes.patient_class("ed") == "emergency"
    assert found.codes.local_attendance["DNA"] == "missed"


@pytest.mark.parametrize(
    ("said", "instead", "place"),
    [
        pytest.param("emergency", "urgent", "patient_classes", id="no patient class"),
        pytest.param("maternity", "midwifery", "services", id="no service"),
        pytest.param("missed", "absent", "attendance", id="no word of attendance"),
        pytest.param("'17': other", "'17': broken", "presentations", id="no presentation"),
        pytest.param("PV1-19", "PV1-5", "appointment_number", id="no field for the number"),
        pytest.param("10.1.2.3", "pas.example", "host", id="a name and no address"),
        pytest.param("10.9.0.0/24", "10.9.0.1/24", "networks", id="no network"),
        pytest.param("cp1252", "utf-16", "charsets", id="no character set of HL7 v2"),
        pytest.param("senders: [{application: PAS, facility: RJ1}]", "senders: []", "senders",
                     id="nobody may send"),
        pytest.param("PT2H", "PT2S", "expect_within", id="silent after seconds"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_place(said: str, instead: str, place: str) -> None:
    with pytest.raises(SourcesError, match=place):
        parse_sources(WHOLE.replace(said, instead))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"host": "::1"}, id="loopback"),
        pytest.param({"host": "10.1.2.3", "plaintext": True}, id="said to be protected"),
    ],
)
def test_messages_may_come_in_the_open_where_nobody_else_hears_them(
    changes: dict[str, Any],
) -> None:
    assert a_feed(**changes).tls is None


def test_beyond_loopback_messages_do_not_come_in_the_open_by_mistake() -> None:
    with pytest.raises(ValueError, match="plaintext"):
        a_feed(host="10.1.2.3")


@pytest.mark.parametrize(
    ("address", "let_in"),
    [
        ("10.9.0.7", True),
        ("::ffff:10.9.0.7", True),
        ("10.9.1.7", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_networks_are_let_in(address: str, *, let_in: bool) -> None:
    assert parse_sources(WHOLE).mllp[0].lets_in(address) == let_in


def test_two_feeds_do_not_share_a_name_or_a_place() -> None:
    twice = WHOLE + WHOLE.replace("\nmllp:", "").replace("source: example-trust", "source: other")

    with pytest.raises(SourcesError, match="two feeds"):
        parse_sources(twice)


def test_a_feed_maps_with_its_own_codes_and_its_events_say_so_by_the_version() -> None:
    plain, own = (routes_of(parse_sources(text))["hl7v2"].version for text in ("", WHOLE))

    assert plain == "hl7v2-1"
    assert own.startswith("hl7v2-1.")


def test_without_a_feed_there_is_nothing_to_start() -> None:
    with pytest.raises(SourcesError, match="no HL7 v2 feed"):
        serve([], {}, PSEUDONYMS, Watching(port=0))
