"""The official NEMS samples reuse the ids of messages: what becomes of them with and without.

The id in a header is by the specification of one message alone, and the samples share some.
As they are, the second under an id is a conflict that waits for a person, and no repeat that
is dropped. With ids of their own every one of them goes on as it would by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

from kinbridge.mapping.stage import declare
from kinbridge.mapping.state import MappingState
from kinbridge.stage import At
from kinbridge_fhir import envelope
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.events import ChildEvent
from tests.adapters.mapping import PSEUDONYMS
from tests.samples.place import SAMPLES
from tests.samples.table import NOW, ends, lines, received
from tests.samples.ways import XML

pytestmark = pytest.mark.samples

FILES: Final = sorted((SAMPLES / "nhs" / "nems-stu3").glob("*.xml"))
STAGE: Final = declare(pseudonymiser=PSEUDONYMS)
_HEADER_ID: Final = re.compile(rb"(<MessageHeader>\s*<id value=\")[^\"]*")


def own_id(path: Path) -> bytes:
    """The sample with an id of its own, as the specification asks for."""
    content, count = _HEADER_ID.subn(rb"\g<1>" + path.stem.encode(), path.read_bytes())
    assert count == 1
    return content


def played(samples: Iterable[tuple[str, bytes]]) -> Mapping[str, list[str]]:
    """Map messages in their order, each in the state of its own message id; give the ends."""
    states: dict[str, MappingState] = defaultdict(STAGE.fresh)
    found: dict[str, list[str]] = {}
    for name, content in samples:
        key = envelope.message_id(content, XML)
        decision = STAGE.decide(
            states[key], received(content, XML, "fhir-message"), At(now=NOW, clock=NOW)
        )
        states[key] = decision.state
        found[name] = sorted(_end(output.body) for output in decision.outputs)
    return found


def _end(body: object) -> str:
    if isinstance(body, ChildEvent):
        return f"to-linking: {body.detail.kind}"
    assert isinstance(body, Disposition)
    return f"{body.end}: {body.reason}"


def test_with_ids_of_their_own_all_samples_go_on_as_each_would_by_itself() -> None:
    together = played((path.stem, own_id(path)) for path in FILES)

    alone = {path.stem: lines(ends(own_id(path), XML, "fhir-message")) for path in FILES}
    assert together == alone
    assert all(len(its) == 1 for its in together.values())
    for name, (end,) in together.items():
        print(f"  {name:<52}{end}")  # noqa: T201 - the table, with `-s`


def test_as_they_are_the_second_under_an_id_is_a_conflict_and_is_not_dropped() -> None:
    by_id: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        by_id[envelope.message_id(path.read_bytes(), XML)].append(path.stem)

    as_they_are = played((path.stem, path.read_bytes()) for path in FILES)

    later = {name for names in by_id.values() for name in names[1:]}
    conflicts = {
        name
        for name, its in as_they_are.items()
        if its == ["parked-conflict: same-version-other-content"]
    }
    assert conflicts == later
    assert later


def test_a_sample_that_comes_twice_is_a_repeat() -> None:
    (path,) = [path for path in FILES if path.stem == "vaccinations-1-notgiven-new"]
    content = path.read_bytes()

    state = STAGE.fresh()
    for expected in ("to-linking: immunisation_overdue", "duplicate: same-content"):
        decision = STAGE.decide(
            state, received(content, XML, "fhir-message"), At(now=NOW, clock=NOW)
        )
        state = decision.state
        assert [_end(output.body) for output in decision.outputs] == [expected]


def test_a_delete_among_the_samples_takes_back_the_fact_of_its_new() -> None:
    for new, delete in (
        ("nipe-outcome-1-new", "nipe-outcome-1-delete"),
        ("Professional-Contacts-1-new", "Professional-Contacts-1-delete"),
    ):
        first, second = (_event(name) for name in (new, delete))

        assert (first.act, second.act) == ("assert", "retract")
        assert second.fact == first.fact
        assert second.version.later_than(first.version)


def _event(name: str) -> ChildEvent:
    (path,) = [path for path in FILES if path.stem == name]
    message = received(path.read_bytes(), XML, "fhir-message")
    (output,) = STAGE.decide(STAGE.fresh(), message, At(now=NOW, clock=NOW)).outputs
    assert isinstance(output.body, ChildEvent)
    return output.body
