"""What the file of sources may say of a mailbox, and that no value of it is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kinbridge.sources.loader import SourcesError, parse_sources

WHOLE = """
mesh:
  - source: nems
    mailbox: x26abc1
    address_setting: KINBRIDGE_MESH_ADDRESS
    password_setting: KINBRIDGE_MESH_PASSWORD
    shared_key_setting: KINBRIDGE_MESH_SHARED_KEY
    certificate_setting: KINBRIDGE_MESH_CERTIFICATE
    key_setting: KINBRIDGE_MESH_KEY
    ca_setting: KINBRIDGE_MESH_CA
    poll_every: PT10M
    page_size: 100
    max_bytes: 1000000
    expect_within: PT30M
    expect_workflows: {birthnotification_1: P7D}
    senders: [x26nems]
    workflows: {example_mns: mns-signal}
"""


def test_a_mailbox_says_all_that_is_needed() -> None:
    (found,) = parse_sources(WHOLE).mesh

    assert (found.mailbox, *found.senders) == ("X26ABC1", "X26NEMS")
    assert found.workflows == {"EXAMPLE_MNS": "mns-signal"}
    assert found.expect_within == timedelta(minutes=30)
    assert found.expect_workflows == {"BIRTHNOTIFICATION_1": timedelta(days=7)}


def test_what_is_not_said_is_what_mesh_allows() -> None:
    needed = WHOLE.split("    certificate_setting", maxsplit=1)[0]

    (found,) = parse_sources(needed).mesh

    assert found.poll_every == timedelta(minutes=5)
    assert found.page_size == 500


@pytest.mark.parametrize(
    ("said", "instead", "place"),
    [
        pytest.param("PT10M", "PT1M", "mesh.0.poll_every", id="more often than MESH allows"),
        pytest.param("PT10M", "P2D", "mesh.0.poll_every", id="less often than MESH wants"),
        pytest.param("page_size: 100", "page_size: 501", "mesh.0.page_size", id="page"),
        pytest.param("1000000", "6000000", "mesh.0.max_bytes", id="more than Kafka takes"),
        pytest.param("x26abc1", "x26/abc1", "mesh.0.mailbox", id="no mailbox id"),
        pytest.param("mns-signal", "guess", "mesh.0.workflows", id="no such route"),
        pytest.param("KINBRIDGE_MESH_PASSWORD", "hunter2", "mesh.0.password_setting", id="secret"),
        pytest.param("    key_setting: KINBRIDGE_MESH_KEY\n", "", "mesh.0", id="half a pair"),
        pytest.param("source: nems", "source: nems\n    to: me", "mesh.0.to", id="unknown"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_not_shown(
    said: str, instead: str, place: str
) -> None:
    with pytest.raises(SourcesError) as raised:
        parse_sources(WHOLE.replace(said, instead))

    assert place in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_mailbox_stands_once() -> None:
    twice = WHOLE + WHOLE.replace("\nmesh:", "").replace("source: nems", "source: other")

    with pytest.raises(SourcesError, match="are the same"):
        parse_sources(twice)
