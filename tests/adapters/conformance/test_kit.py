"""The kit finds planted faults: every check has an adapter or a record that it must refuse."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

import pytest

from kinbridge_casesystem import CaseWebhook
from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_casesystem.conformance_records import NEEDS
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Adapter, Ended, Given, Mapped, Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Occurred, Precision, Role
from tests.adapters.conformance import test_case_systems as ours

Odd = Callable[[Received, Given, Mapped], Mapped]
Plant = tuple[str, Odd]

_SEEN: Final[list[bytes]] = []
CHECKS: Final = sorted(name for name in vars(AdapterConformance) if name.startswith("test_"))


class Planted:
    """An adapter with one fault. It is good but for what `odd` does to its results."""

    version = "planted-1"

    def __init__(self, odd: Odd, *, compares: bool = False) -> None:
        self.odd, self.compares = odd, compares

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        return self.odd(received, given, CaseWebhook()(received, given))


class Kit(ours.TestCaseWebhook):
    """The records of the webhook, with a record of a number that was superseded."""

    __test__ = False
    cannot_say: ClassVar[Mapping[str, str]] = {}
    test_a_superseded_number_is_not_passed_on = (
        AdapterConformance.test_a_superseded_number_is_not_passed_on
    )

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def adapter(self) -> Adapter:
        return self._adapter

    def superseded(self, old: str, new: str) -> bytes:
        return self.sent(child={"nhs_number": new}, data={"plan_id": old})


def each(change: Callable[[ChildEvent], dict[str, Any]]) -> Odd:
    """A fault in every event."""

    def odd(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
        events = tuple(e.model_copy(update=change(e)) for e in mapped.events)
        return mapped.model_copy(update={"events": events})

    return odd


def first_subject(**changes: Any) -> Odd:
    return each(
        lambda e: {"subjects": (e.subjects[0].model_copy(update=changes), *e.subjects[1:])}
    )


def detail(**changes: Any) -> Odd:
    return each(lambda e: {"detail": e.detail.model_copy(update=changes)})


def told_again_otherwise(_received: Received, given: Given, mapped: Mapped) -> Mapped:
    mark = {"content": str(len(given.remembered.marks))}
    return mapped.model_copy(update={"remember": Remembered(marks=mark)})


def timed(_received: Received, given: Given, mapped: Mapped) -> Mapped:
    return each(lambda _: {"observed": given.now})(_received, given, mapped)


def counting(received: Received, _given: Given, mapped: Mapped) -> Mapped:
    _SEEN.append(received.content)
    return mapped.model_copy(update={"version": str(len(_SEEN))})


def keeping(received: Received, _given: Given, mapped: Mapped) -> Mapped:
    _SEEN.append(received.content + b" ")
    return mapped


def named_by_number(received: Received, given: Given, mapped: Mapped) -> Mapped:
    own = derive_id("fact", json.loads(received.content)["id"])
    return each(lambda _: {"fact": own})(received, given, mapped)


def printing(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
    print("mapped", len(mapped.events))  # noqa: T201 - it is the fault
    return mapped


def logging_it(received: Received, _given: Given, mapped: Mapped) -> Mapped:
    logging.getLogger("acme").warning("mapped %s", received.id)
    return mapped


def zoned_by_the_machine(_received: Received, given: Given, mapped: Mapped) -> Mapped:
    at = datetime.fromtimestamp(given.now.timestamp()).astimezone()
    wall = time.localtime(given.now.timestamp()).tm_hour
    later = at.replace(minute=wall)
    return each(lambda _: {"occurred": Occurred(at=later)})(_received, given, mapped)


def nothing(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
    return Mapped(version=mapped.version)


def nothing_taken_back(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
    kept = tuple(event for event in mapped.events if event.act == "assert")
    return mapped.model_copy(update={"events": kept})


def remembering_all(received: Received, given: Given, mapped: Mapped) -> Mapped:
    marks = {**given.remembered.marks, f"m{len(given.remembered.marks)}": received.id}
    return mapped.model_copy(update={"remember": Remembered(marks=marks)})


def ended_too(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
    ends = tuple(Ended(fact=e.fact, end="not-known", reason="twice") for e in mapped.events)
    return mapped.model_copy(update={"ends": ends})


def lax(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """What a lenient reader makes of a record before it is read."""
    sent = json.loads(content)
    change(sent)
    return ours.as_json(sent)


class Lenient(Planted):
    """An adapter that reads what it should not."""

    def __init__(self, change: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(lambda _r, _g, mapped: mapped)
        self.change = change

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        try:
            content = lax(received.content, self.change)
        except (ValueError, AttributeError, KeyError, RecursionError):
            content = received.content
        again = received.model_copy(update={"content": content})
        return CaseWebhook()(again, given)


class Talkative(Planted):
    """An adapter whose errors say what they saw."""

    def __init__(self, *, chained: bool) -> None:
        super().__init__(lambda _r, _g, mapped: mapped)
        self.chained = chained

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        try:
            return CaseWebhook()(received, given)
        except UnreadableError as problem:
            said = received.content.decode("ascii", "replace")
            if self.chained:
                raise UnreadableError(problem.reason) from ValueError(said)
            raise UnreadableError(problem.reason, said) from None


def guess(sent: dict[str, Any]) -> None:
    if "zq97" in sent["type"]:
        sent["type"] = "cp_plan_started"


def guess_zone(sent: dict[str, Any]) -> None:
    if not sent["recorded"].endswith("Z"):
        sent["recorded"] += "Z"


class Telling(Lenient):
    """An adapter that tells text as if it were a code."""

    def __init__(self) -> None:
        super().__init__(lambda sent: sent.pop("notes", None))

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        mapped = super().__call__(received, given)
        text = json.loads(received.content).get("notes")
        return detail(category=text)(received, given, mapped) if text else mapped


class Crashing(Planted):
    """An adapter that meets what it did not think of with another error."""

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        json.loads(received.content)
        return super().__call__(received, given)


def born_all_the_same(_received: Received, _given: Given, mapped: Mapped) -> Mapped:
    return first_subject(role=Role.CHILD)(_received, _given, mapped)


def superseded_number(received: Received, given: Given, mapped: Mapped) -> Mapped:
    if b"9000000017" in received.content:
        return first_subject(nhs_number=NhsNumber("9000000009"))(received, given, mapped)
    return mapped


def wrong_number(received: Received, given: Given, mapped: Mapped) -> Mapped:
    number = NhsNumber("9000000009")
    # Only a careless copy gets past the type itself.
    number._text = "9000000000"
    return first_subject(nhs_number=number)(received, given, mapped)


FAULTS: Final[list[tuple[str, Adapter]]] = [
    ("test_the_same_bytes_give_the_same_events", Planted(counting)),
    ("test_the_same_bytes_give_the_same_events", Planted(timed)),
    ("test_the_same_bytes_give_the_same_events", Planted(nothing)),
    ("test_ids_and_keys_come_through_the_pseudonymiser", Planted(named_by_number)),
    (
        "test_ids_and_keys_come_through_the_pseudonymiser",
        Planted(first_subject(key="sk-" + "a" * 32)),
    ),
    ("test_a_repeat_tells_nothing_new", Planted(told_again_otherwise, compares=True)),
    ("test_no_order_and_no_repetition_changes_what_a_record_means", Planted(counting)),
    (
        "test_a_correction_is_a_later_account_of_the_same_fact",
        Planted(lambda r, g, m: each(lambda _: {"fact": derive_id("fact", r.id)})(r, g, m)),
    ),
    (
        "test_a_correction_is_a_later_account_of_the_same_fact",
        Planted(each(lambda e: {"version": e.version.model_copy(update={"number": 0})})),
    ),
    (
        "test_a_correction_is_a_later_account_of_the_same_fact",
        Planted(each(lambda _: {"id": "event-1"})),
    ),
    ("test_a_retraction_takes_back_what_was_told", Planted(nothing_taken_back)),
    ("test_every_input_ends_once", Planted(nothing)),
    ("test_every_input_ends_once", Planted(ended_too)),
    ("test_nobody_is_named_outside_what_is_concealed", Planted(detail(category="Ada Example"))),
    (
        "test_nobody_is_named_outside_what_is_concealed",
        Planted(lambda _r, _g, m: m.model_copy(update={"version": "C100"})),
    ),
    ("test_what_cannot_be_read_is_unreadable_and_names_nobody", Talkative(chained=False)),
    ("test_what_cannot_be_read_is_unreadable_and_names_nobody", Talkative(chained=True)),
    ("test_memory_stays_bounded", Planted(keeping)),
    ("test_memory_stays_bounded", Planted(remembering_all, compares=True)),
    (
        "test_a_day_is_that_day_in_london",
        Planted(each(lambda e: {"occurred": Occurred(at=e.occurred.at.replace(hour=0))})),
    ),
    (
        "test_a_part_of_a_date_keeps_its_precision",
        Planted(each(lambda e: {"occurred": Occurred(at=e.occurred.at, precision=Precision.DAY)})),
    ),
    ("test_a_time_without_a_zone_is_unreadable", Lenient(guess_zone)),
    ("test_events_are_closed", Planted(detail(category=7))),
    ("test_text_that_no_event_has_a_use_for_goes_nowhere", Telling()),
    (
        "test_a_number_is_carried_and_its_lack_is_no_reason_to_stop",
        Planted(first_subject(nhs_number=None)),
    ),
    ("test_a_number_is_carried_and_its_lack_is_no_reason_to_stop", Planted(nothing)),
    ("test_a_wrong_number_is_no_number", Planted(wrong_number)),
    ("test_a_superseded_number_is_not_passed_on", Planted(superseded_number)),
    ("test_a_restricted_person_is_told_so_and_no_place", Planted(nothing)),
    ("test_an_unborn_child_is_one", Planted(born_all_the_same)),
    ("test_an_unknown_code_is_not_guessed", Lenient(guess)),
    ("test_events_are_of_their_feed", Planted(each(lambda _: {"source": "209.other"}))),
    ("test_events_are_of_their_feed", Planted(each(lambda _: {"authority": "210"}))),
]


@pytest.mark.parametrize(("check", "adapter"), FAULTS)
def test_a_planted_fault_is_found(check: str, adapter: Adapter) -> None:
    _SEEN.clear()

    with pytest.raises(AssertionError):
        getattr(Kit(adapter), check)()


@pytest.mark.parametrize("odd", [printing, logging_it])
def test_an_adapter_that_prints_or_logs_is_found(
    odd: Odd, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AssertionError, match=r"the adapter (prints|logs)"):
        Kit(Planted(odd)).test_nothing_is_written(capfd, caplog)


def test_an_adapter_that_asks_the_machine_for_its_zone_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AssertionError, match="the zone of the machine"):
        Kit(Planted(zoned_by_the_machine)).test_no_zone_of_the_machine_matters(monkeypatch)


def test_an_error_of_another_kind_goes_through() -> None:
    check = "test_what_cannot_be_read_is_unreadable_and_names_nobody"

    with pytest.raises((ValueError, RecursionError)):
        getattr(Kit(Crashing(lambda _r, _g, mapped: mapped)), check)()


def test_every_check_has_a_planted_fault() -> None:
    with_fixtures = {"test_nothing_is_written", "test_no_zone_of_the_machine_matters"}

    assert sorted({check for check, _ in FAULTS} | with_fixtures) == CHECKS
    assert set(NEEDS) <= set(CHECKS)


def test_the_good_adapter_passes_on_the_record_that_ours_cannot_give() -> None:
    Kit(CaseWebhook()).test_a_superseded_number_is_not_passed_on()


def test_what_a_source_cannot_say_is_not_there_and_needs_its_reason() -> None:
    class Short(AdapterConformance):
        __test__ = False
        cannot_say: ClassVar[Mapping[str, str]] = {"unborn": "adults only"}

    assert vars(Short)["test_an_unborn_child_is_one"] is None
    with pytest.raises(TypeError, match="each with a reason"):
        type("Silent", (AdapterConformance,), {"cannot_say": {"unborn": " "}})
    with pytest.raises(TypeError, match="by their methods"):
        type("Odd", (AdapterConformance,), {"cannot_say": {"valid": "there is none"}})


def test_a_record_that_is_not_given_fails_its_check() -> None:
    with pytest.raises(NotImplementedError):
        AdapterConformance.unborn(Kit(CaseWebhook()))


def test_identifiers_that_stand_in_no_record_are_found() -> None:
    kit = Kit(CaseWebhook())
    setattr(kit, "identifiers", ("Nobody",))  # noqa: B010 - a class attribute, of one kit alone

    with pytest.raises(AssertionError, match="stand in no record"):
        kit.test_nobody_is_named_outside_what_is_concealed()
