"""The routes without records of their own for the kit pass what it holds of any record.

Their golden inputs stand in. Where one differs by design the check is named with the reason, and
must fail: an exception that is no longer one is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import pytest

from kinbridge.mapping.routes import ROUTES
from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_casesystem.conformance_records import NUMBER, RECORDS, SUCCESSOR
from kinbridge_casesystem.trial import Trial
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.fuzz.inputs import Input, inputs
from tests.adapters.mapping import SOURCES

MOST: Final = 2
"""Golden inputs of a route that are tried; all of them are compared in `tests/golden`."""
OWN: Final = frozenset(
    {
        "case-webhook",
        "eclipse",
        "dfe-csc",
        "cin-census",
        "ssda903",
        "annex-a",
        "fhir-message",
        "hl7v2",
    }
)
"""Routes whose adapters have a class of their own in this folder."""
THE_SAME: Final = "test_the_same_bytes_give_the_same_events"
REPEAT: Final = "test_a_repeat_tells_nothing_new"
FEED: Final = "test_events_are_of_their_feed"
IDS: Final = "test_ids_and_keys_come_through_the_pseudonymiser"
AS_ASKED: Final = "an answer holds as of when it was asked for, and that is when it came"
BY_DESIGN: Final[Mapping[tuple[str, str], str]] = {
    ("fhir-search", THE_SAME): AS_ASKED,
    ("pds-patient", THE_SAME): AS_ASKED,
    ("pds-related-persons", THE_SAME): AS_ASKED,
    ("fhir-search", REPEAT): AS_ASKED,
    ("pds-related-persons", REPEAT): AS_ASKED,
    ("fhir-notification", FEED): "a feed has many subscriptions, and its events are the feed's",
    ("fhir-search", FEED): "an answer is for the authority that had it asked",
    ("fhir-search", IDS): "that it was asked is a fact about a question, whose id is ours already",
}
_NUMBER: Final = re.compile(rb"\b900\d{7}\b")


def chosen(route: str) -> tuple[Input, ...]:
    """Give the first golden inputs that tell something, all of one media type."""
    told = [given for given in inputs(route) if tells(given)]
    return tuple(given for given in told if given.content_type == told[0].content_type)[:MOST]


def tells(given: Input) -> bool:
    trial = Trial(ROUTES[given.route], SOURCES[given.route], given.content_type, given.route)
    try:
        return bool(trial.once(given.content).events)
    except UnreadableError:
        return False


def numbers_in(content: bytes) -> set[str]:
    found = set()
    for text in _NUMBER.findall(content):
        try:
            found.add(NhsNumber(text.decode()).reveal())
        except UnreadableError:
            continue
    return found


class Golden(AdapterConformance):
    """The golden inputs of one route in place of records made for the kit."""

    __test__ = False
    cannot_say: ClassVar[Mapping[str, str]] = dict.fromkeys(
        RECORDS, "golden inputs are as they are"
    )

    def adapter(self) -> Adapter:
        return ROUTES[self.route]

    def valid(self) -> bytes:
        return chosen(self.route)[0].content

    def _records(self) -> dict[str, bytes]:
        return {given.name: given.content for given in chosen(self.route)}

    def _histories(self) -> dict[str, list[bytes]]:
        return {name: [content] for name, content in self._records().items()}

    def _identifiers(self) -> tuple[str, ...]:
        every = b"".join(self._records().values())
        return tuple(numbers_in(every) | {NUMBER, SUCCESSOR})


CHECKS: Final = sorted(
    name for name in dir(Golden) if name.startswith("test_") and getattr(Golden, name) is not None
)


def held(route: str, check: str, request: pytest.FixtureRequest) -> None:
    first = chosen(route)[0]
    more: dict[str, Any] = {
        "route": route,
        "source": SOURCES[route],
        "content_type": first.content_type,
    }
    kit = type("OfRoute", (Golden,), more)()
    fixtures = {
        "test_nothing_is_written": ("capfd", "caplog"),
        "test_no_zone_of_the_machine_matters": ("monkeypatch",),
    }
    getattr(kit, check)(*(request.getfixturevalue(name) for name in fixtures.get(check, ())))


@pytest.mark.parametrize(
    ("route", "check"),
    [
        (route, check)
        for route in sorted(set(ROUTES) - OWN)
        for check in CHECKS
        if (route, check) not in BY_DESIGN
    ],
)
def test_a_route_passes(route: str, check: str, request: pytest.FixtureRequest) -> None:
    held(route, check, request)


@pytest.mark.parametrize(("route", "check"), sorted(BY_DESIGN))
def test_what_differs_by_design_still_does(
    route: str, check: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(AssertionError):
        held(route, check, request)
