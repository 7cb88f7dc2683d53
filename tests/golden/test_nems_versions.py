"""Every NEMS event has a golden folder with each thing that a message of it may do."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Final

from kinbridge_fhir.codes import EVENTS, Reading
from kinbridge_fhir.message import Message
from kinbridge_fhir.nems.news import action_of
from kinbridge_fhir.nodes import read

HERE: Final = Path(__file__).parent / "fhir-message"
KINDS: Final = {".xml": "application/fhir+xml", ".json": "application/fhir+json"}
ACTIONS: Final = ("new", "update", "delete")


def test_every_event_is_new_updated_and_deleted_in_some_case() -> None:
    listed = {code for (_, code), reading in EVENTS.items() if reading is Reading.NEMS}

    there = set()
    for path in sorted(HERE.glob("*/in*")):
        message = Message(read(path.read_bytes(), KINDS[path.suffix]))
        if message.reading is Reading.NEMS and message.event is not None:
            there.add((message.event.code, action_of(message.header)))

    assert set(product(listed, ACTIONS)) - there == set()
