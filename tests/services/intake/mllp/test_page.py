"""The page for whoever connects a trust says what the listener does, by every name."""

from __future__ import annotations

import re
from typing import Final

import pytest
import yaml

from kinbridge.intake.mllp import decide
from kinbridge.intake.mllp.meters import Meters
from kinbridge.sources.loader import parse_sources
from kinbridge.sources.mllp import MllpFeed
from tests.adapters.hl7v2.fields import PAGE

TEXT: Final = PAGE.read_text(encoding="utf-8")
_METRIC: Final = re.compile(r"`(kinbridge_[a-z_]+)[`{]")


def test_every_metric_is_on_the_page_and_no_other() -> None:
    meters = {metric.name for metric in Meters().registry.collect()}
    named = {name.removesuffix("_total") for name in _METRIC.findall(TEXT)}

    assert named <= meters
    assert meters - named == {"kinbridge_source_expected_within_seconds"}


@pytest.mark.parametrize("reason", decide.REASONS)
def test_every_reason_of_a_refusal_is_on_the_page(reason: str) -> None:
    assert f"`{reason}`" in TEXT


def test_the_example_is_a_file_that_is_read() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)

    (feed,) = parse_sources(example).mllp

    assert feed.codes.presentations
    assert set(yaml.safe_load(example)["mllp"][0]) <= set(MllpFeed.model_fields)


@pytest.mark.parametrize("field", [name for name in MllpFeed.model_fields if name != "source"])
def test_every_field_of_a_feed_is_explained(field: str) -> None:
    assert re.search(rf"^\|[^|]*`{field}`", TEXT, re.MULTILINE)
