"""Adapters of others: only those that are named, each once, for this port, and watched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, ClassVar, Final

import pytest

from kinbridge.mapping.routes import ROUTES
from kinbridge.pipeline import all_routes
from kinbridge.sources.loader import SourcesError, parse_sources
from kinbridge_casesystem import CaseWebhook
from kinbridge_casesystem.registry import (
    GROUP,
    PREFIX,
    AdapterBrokenError,
    AdapterError,
    guarded,
    installed,
    third_party_routes,
)
from kinbridge_casesystem.trial import Trial
from kinbridge_schemas.identifiers import PersonName
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from tests.builders import a_child_ref

HERE: Final = __name__
CONTENT: Final = json.dumps(
    {
        "id": "E-1",
        "type": "cp_plan_started",
        "recorded": "2026-03-02T10:15:00Z",
        "occurred": "2026-03-02",
        "authority": "209",
        "child": {"la_child_id": "C100", "name": "Ada Example"},
        "data": {"plan_id": "CPP-7"},
    }
).encode()


class Fits(CaseWebhook):
    port_version: ClassVar[int] = 1


class OfTomorrow(CaseWebhook):
    port_version: ClassVar[int] = 2


class Nameless(CaseWebhook):
    port_version: ClassVar[int] = 1
    version = "Version One"


class Undecided(CaseWebhook):
    port_version: ClassVar[int] = 1
    compares: Any = "maybe"


NOT_A_FACTORY: Final = 7


def point(name: str, target: str = "Fits") -> EntryPoint:
    return EntryPoint(name=name, value=f"{HERE}:{target}", group=GROUP)


def test_what_is_installed_runs_only_where_it_is_named() -> None:
    points = [point("acme-cases"), point("broken-cases", "OfTomorrow")]

    assert [each.name for each in installed(points)] == ["acme-cases", "broken-cases"]
    assert third_party_routes((), points) == {}
    assert list(third_party_routes(("acme-cases",), points)) == ["x-acme-cases"]


@pytest.mark.parametrize(
    ("names", "points", "said"),
    [
        pytest.param(("none",), [], "No installed package brings the adapter none.", id="unknown"),
        pytest.param(
            ("one",), [point("one"), point("one")], "More than one package brings", id="two of one"
        ),
        pytest.param(("one", "one"), [point("one")], "named twice", id="named twice"),
        pytest.param(("one",), [point("one", "OfTomorrow")], "version 2 of the port", id="port"),
        pytest.param(("one",), [point("one", "CaseWebhook")], "no port_version", id="no port"),
        pytest.param(("one",), [point("one", "NOT_A_FACTORY")], "no port_version", id="a number"),
        pytest.param(("one",), [point("one", "Nameless")], "has no version", id="its version"),
        pytest.param(("one",), [point("one", "Undecided")], "whether it compares", id="compares"),
        pytest.param(("one",), [point("one", "Missing")], "AttributeError", id="not there"),
        pytest.param(("../one",), [], "small letters", id="a name that is none"),
    ],
)
def test_what_cannot_be_run_stops_the_start_with_a_sentence(
    names: tuple[str, ...], points: list[EntryPoint], said: str
) -> None:
    with pytest.raises(AdapterError, match=said):
        third_party_routes(names, points)


def test_the_start_of_the_line_is_refused_for_an_adapter_that_is_not_installed() -> None:
    with pytest.raises(SourcesError, match="brings the adapter never-installed"):
        all_routes(parse_sources("adapters: [never-installed]"))


def test_the_file_of_sources_takes_no_name_that_is_none() -> None:
    with pytest.raises(SourcesError, match=r"adapters\.0"):
        parse_sources("adapters: ['../etc']")


def test_no_route_of_ours_can_be_another_s() -> None:
    assert [route for route in ROUTES if route.startswith(PREFIX)] == []


@dataclass(frozen=True)
class Watched:
    """What mapping gets of an adapter that changes what a good one says."""

    change: Callable[[Mapped], Mapped]
    version: ClassVar[str] = "odd-1"
    compares: ClassVar[bool] = False
    port_version: ClassVar[int] = 1

    def __call__(self, received: Received | None = None, given: Given | None = None, /) -> Any:
        if received is None or given is None:
            return self
        return self.change(CaseWebhook()(received, given))


def watched(change: Callable[[Mapped], Mapped]) -> Mapped:
    adapter = guarded("odd", Watched(change))
    return Trial(adapter, "209.example", "application/json", "x-odd").once(CONTENT)


def events_with(**changes: Any) -> Callable[[Mapped], Mapped]:
    def change(mapped: Mapped) -> Mapped:
        events = tuple(event.model_copy(update=changes) for event in mapped.events)
        return mapped.model_copy(update={"events": events})

    return change


def naming_a_child(mapped: Mapped) -> Mapped:
    subject = mapped.events[0].subjects[0].model_copy(update={"child": a_child_ref()})
    return events_with(subjects=(subject,))(mapped)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (events_with(source="209.other"), "source-of-another-feed"),
        (events_with(authority="210"), "authority-of-another"),
        (events_with(authority=None), "authority-of-another"),
        (naming_a_child, "names-a-child-of-ours"),
        (lambda m: m.model_copy(update={"remember": Remembered(marks={"a": "b"})}), "remembers"),
        (lambda m: m.events, "result-is-not-mapped"),
        (lambda m: m.model_copy(update={"events": ("event",)}), "event-of-another-type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_a_rule_of_the_port_goes_no_further(change: Any, rule: str) -> None:
    with pytest.raises(AdapterBrokenError, match=rf"^x-odd: {rule}$"):
        watched(change)


def test_what_is_good_goes_through_and_says_whose_it_is() -> None:
    adapter = guarded("odd", Watched(lambda mapped: mapped))

    assert adapter.version == "x-odd:odd-1"
    assert [event.detail.kind for event in watched(lambda m: m).events] == ["cp_plan_started"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [("child.name", "child.name"), ("child 9000000009", "?"), ("record[9000000009]", "?")],
)
def test_no_path_of_theirs_names_anybody(path: str, shown: str) -> None:
    def unreadable(_mapped: Mapped) -> Mapped:
        raise UnreadableError("wrong", path)

    with pytest.raises(UnreadableError) as caught:
        watched(unreadable)

    assert (caught.value.reason, caught.value.path) == ("wrong", shown)


def test_a_reason_that_is_no_code_is_a_bug_of_theirs() -> None:
    def unreadable(_mapped: Mapped) -> Mapped:
        raise UnreadableError(f"no child {PersonName('Ada Example').reveal()}")

    with pytest.raises(AdapterBrokenError, match="reason-is-no-code") as caught:
        watched(unreadable)

    assert "Ada" not in str(caught.value)
