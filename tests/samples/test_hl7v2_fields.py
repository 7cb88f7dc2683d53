"""Every field of the official HL7 v2 samples stands on a list: used, or left out on purpose."""

from __future__ import annotations

from typing import Final

import pytest

from tests.adapters.hl7v2.fields import LEFT, USED, listed, not_on, there
from tests.samples.place import SAMPLES

pytestmark = pytest.mark.samples

FILES: Final = sorted((SAMPLES / "nhs" / "hl7v2-adt").glob("*.hl7"))


def test_every_field_of_the_samples_is_used_or_left_out_on_purpose() -> None:
    found = there(path.read_bytes() for path in FILES)

    assert not_on(found, listed(USED) | listed(LEFT)) == []
    assert found
