"""The conformance kit: what every adapter must hold to, as a pytest class to subclass.

The author gives the adapter and a few records; the checks are here. What a source cannot say
at all is named in `cannot_say` with the reason: its check is then not there, rather than
skipped. Needs pytest and hypothesis: install `kinbridge[adapters]`.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from datetime import date
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kinbridge_casesystem.conformance_records import CODE, NUMBER, SUCCESSOR, AdapterRecords
from kinbridge_casesystem.port import source_authority
from kinbridge_casesystem.trial import (
    AN_HOUR,
    NOW,
    OTHERS,
    History,
    Trial,
    badly_told,
    facts,
    names_somebody,
    numbers,
    shown,
    spoilt,
)
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Mapped
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Occurred, Precision, Role

NO_NUMBER: Final = "9000000000"
"""Ten digits whose check digit is wrong."""
SUMMER: Final = date(2025, 7, 1)
TEXT: Final = "Zyxwvut told the nurse about it"

_STEADY: Final = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_TOLD_BY: Final = frozenset({"pds_changed", "person_merged"})
_SENSITIVE: Final = frozenset({"record_restricted", "pds_changed"})
_FED: Final = 34
_SPARE: Final = 60_000
"""Bytes by which an adapter may grow for reasons of Python's own."""


class AdapterConformance(AdapterRecords):
    """Subclass it, name the class `Test…`, and give the adapter and its records.

    `source` is the feed as its events carry it: an authority and a system, or a feed of the
    NHS. `identifiers` are all that stand in the records and name a person: numbers, ids,
    names. `cannot_say` names records that the source has no way to give, with the reason.
    """

    def test_the_same_bytes_give_the_same_events(self) -> None:
        content = self.valid()
        first, again = self._trial().once(content), self._trial().once(content)

        assert first.events, "the valid record tells nothing"
        assert first == again, "two adapters told the same record differently"
        if not self.adapter().compares:
            later = self._trial().once(content, now=NOW + 24 * AN_HOUR)
            assert later == first, "the result depends on when the record came"

    def test_ids_and_keys_come_through_the_pseudonymiser(self) -> None:
        content = self.valid()
        ours = self._trial().once(content).events
        others = self._trial().once(content, pseudonymiser=OTHERS).events

        assert not _keys(ours) & _keys(others), "a key was made without the pseudonymiser"
        assert not facts(ours) & facts(others), "a fact's id was made without the pseudonymiser"

    def test_a_repeat_tells_nothing_new(self) -> None:
        content = self.valid()
        trial = self._trial()
        first = trial.once(content)
        again = trial.once(content, first.remember, now=NOW + AN_HOUR)

        if self.adapter().compares:
            assert not again.events, "the same snapshot told something new"
            assert {end.end for end in again.ends} <= {"duplicate"}, "a repeat is a duplicate"
        else:
            assert _ids(again) == _ids(first), "a repeat has other ids"

    def test_no_order_and_no_repetition_changes_what_a_record_means(self) -> None:
        histories = self._histories()
        alone = {name: History(self._trial(), told) for name, told in histories.items()}
        expected = {name: [each.next() for _ in range(5)] for name, each in alone.items()}

        @_STEADY
        @given(st.lists(st.sampled_from(sorted(histories)), max_size=12))
        def holds(names: list[str]) -> None:
            trial = self._trial()
            together = {name: History(trial, told) for name, told in histories.items()}
            for name in names:
                history = together[name]
                if len(history.told) < len(expected[name]):
                    at = len(history.told)
                    assert history.next() == expected[name][at], "records disturb each other"

        holds()

    def test_a_correction_is_a_later_account_of_the_same_fact(self) -> None:
        before, after = self._trial().in_turn(self.valid(), self.corrected())
        known = {event.fact: event for event in before.events}
        again = [event for event in after.events if event.fact in known]

        assert again, "the correction tells none of the facts anew"
        for event in again:
            assert event.act == "assert", "a correction takes nothing back"
            assert event.version.later_than(known[event.fact].version), "its version is not later"
            assert event.id != known[event.fact].id, "another account has the same id"

    def test_a_retraction_takes_back_what_was_told(self) -> None:
        before, after = self._trial().in_turn(self.valid(), self.retracted())
        known = {event.fact: event for event in before.events}
        taken = [event for event in after.events if event.act == "retract"]

        assert {event.fact for event in taken} & set(known), "none of the facts is taken back"
        for event in taken:
            if event.fact in known:
                assert event.version.later_than(known[event.fact].version), "it is not later"
        if not self.adapter().compares:
            alone = self._trial().once(self.retracted())
            assert _ids(alone) == _ids(after), "a retraction that comes first means another thing"

    def test_every_input_ends_once(self) -> None:
        for name, content in self._records().items():
            mapped = self._trial().once(content)
            ended = [end.fact for end in mapped.ends]
            told = [(event.fact, event.version) for event in mapped.events]

            assert told or ended, f"{name} ends nowhere"
            assert len(set(told)) == len(told), f"{name} tells two things under one version"
            assert len(set(ended)) == len(ended), f"{name} ends twice"
            assert not facts(mapped.events) & set(ended), f"{name} is told and ended"

    def test_nobody_is_named_outside_what_is_concealed(self) -> None:
        names = self._identifiers()
        for record, content in self._records().items():
            for mapped in self._trial().in_turn(content, content):
                assert not names_somebody(shown(mapped), names), f"{record} names somebody"

    def test_nothing_is_written(
        self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(0)
        names = self._identifiers()
        for content in self._records().values():
            self._trial().once(content)
            self._trial().unreadable(content[: len(content) // 2])
        written = "".join(capfd.readouterr())

        assert not written, "the adapter prints"
        assert not caplog.records, "the adapter logs"
        assert not names_somebody(caplog.text, names)

    def test_what_cannot_be_read_is_unreadable_and_names_nobody(self) -> None:
        names, valid = self._identifiers(), self.valid()
        for content in [c for record in self._records().values() for c in spoilt(record, names)]:
            if problem := self._trial().unreadable(content):
                assert not badly_told(problem, names), badly_told(problem, names)

        assert self._trial().unreadable(b"") is not None, "nothing at all was read"

        @_STEADY
        @given(st.integers(0, len(valid) - 1), st.integers(0, 255))
        def holds(at: int, byte: int) -> None:
            changed = valid[:at] + bytes([byte]) + valid[at + 1 :]
            if problem := self._trial().unreadable(changed):
                assert not badly_told(problem, names), badly_told(problem, names)

        holds()

    def test_memory_stays_bounded(self) -> None:
        trial, valid = self._trial(), self.valid()
        fed = [valid + b" " * (6_000 + n) for n in range(_FED)]
        _feed(trial, fed[:10])
        gc.collect()
        tracemalloc.start()
        _feed(trial, fed[10:])
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

        assert grown < _SPARE, "the adapter keeps something of every record"
        accounts = [valid, self.corrected()] if self._may("corrected") else [valid]
        turns = History(trial, accounts * 6)
        sizes = [len(turns.next().remember.model_dump_json()) for _ in range(12)]
        assert sizes[-1] <= max(sizes[:4]), "what is remembered grows with every account"

    def test_no_zone_of_the_machine_matters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = []
        for zone in ("UTC", "Pacific/Auckland"):
            with monkeypatch.context() as patched:
                patched.setenv("TZ", zone)
                time.tzset()
                told.append([self._trial().once(each) for each in self._records().values()])
        time.tzset()

        assert told[0] == told[1], "the zone of the machine changes what is told"

    def test_a_day_is_that_day_in_london(self) -> None:
        found = [event.occurred for event in self._trial().once(self.dated(SUMMER)).events]

        assert Occurred(at=start_of(SUMMER), precision=Precision.DAY) in found

    def test_a_part_of_a_date_keeps_its_precision(self) -> None:
        content, precision = self.partly_dated()

        found = {event.occurred.precision for event in self._trial().once(content).events}
        assert precision in found, "a part of a date was made a whole one"

    def test_a_time_without_a_zone_is_unreadable(self) -> None:
        assert self._trial().unreadable(self.zoneless()) is not None, "a zone was guessed"

    def test_events_are_closed(self) -> None:
        for name, content in self._records().items():
            for event in self._trial().once(content).events:
                assert _closed(event), f"{name} becomes what the contract does not know"

    def test_text_that_no_event_has_a_use_for_goes_nowhere(self) -> None:
        content = self.with_text(TEXT)
        if problem := self._trial().unreadable(content):
            assert not badly_told(problem, [TEXT]), "the text stands in the error"
            return
        mapped = self._trial().once(content)
        told = "".join(event.model_dump_json() for event in mapped.events)
        assert TEXT not in told + shown(mapped), "the text goes on"

    def test_a_number_is_carried_and_its_lack_is_no_reason_to_stop(self) -> None:
        known, bare = (self._trial().once(self.with_number(n)) for n in (NUMBER, None))
        stopped = bare.ends if source_authority(self.source) is None else ()

        assert NUMBER in numbers(known.events), "the NHS number is lost"
        assert bare.events or stopped, "without an NHS number nothing is told"
        assert NUMBER not in numbers(bare.events), "a number comes from nowhere"

    def test_a_wrong_number_is_no_number(self) -> None:
        mapped = self._trial().once(self.with_number(NO_NUMBER))

        assert mapped.events or mapped.ends, "a wrong number makes a record end nowhere"
        assert NO_NUMBER not in numbers(mapped.events)

    def test_a_superseded_number_is_not_passed_on(self) -> None:
        events = self._trial().once(self.superseded(NUMBER, SUCCESSOR)).events
        rest = [event for event in events if event.detail.kind not in _TOLD_BY]

        assert events, "that a number was superseded is not told"
        assert NUMBER not in numbers(rest), "a superseded number is carried"

    def test_a_restricted_person_is_told_so_and_no_place(self) -> None:
        events = self._trial().once(self.restricted()).events
        places = [e.detail for e in events if e.detail.kind == "address_changed"]

        assert {e.detail.kind for e in events} & _SENSITIVE, "that it is restricted is not told"
        told = [value for place in places for value in place.model_dump(exclude={"kind"}).values()]
        assert not any(told), "a restricted person's address is told"

    def test_an_unborn_child_is_one(self) -> None:
        events = self._trial().once(self.unborn()).events
        first = [event.subjects[0] for event in events]

        assert first, "nothing is told of an unborn child"
        assert Role.UNBORN in {each.role for each in first}, "an unborn child is told as born"
        assert all(e.born is None and e.nhs_number is None for e in first if e.role == Role.UNBORN)

    def test_an_unknown_code_is_not_guessed(self) -> None:
        mapped = self._trial().once(self.with_code(CODE))
        told = [event.detail.model_dump_json() for event in mapped.events]

        parked = any(end.end.startswith("parked-") for end in mapped.ends)
        kept = any(CODE in text or '"unknown"' in text for text in told)
        left_out = _left_out(self._trial().once(self.valid()), mapped)
        assert parked or kept or left_out, "an unknown code is taken for a known one"

    def test_events_are_of_their_feed(self) -> None:
        for name, content in self._records().items():
            for event in self._trial().once(content).events:
                assert event.source == self.source, f"{name} speaks for another feed"
                authority = source_authority(self.source)
                assert event.authority == authority, f"{name} speaks for another authority"


def _keys(events: tuple[ChildEvent, ...]) -> set[str]:
    return {subject.key for event in events for subject in event.subjects}


def _ids(mapped: Mapped) -> list[str]:
    return [event.id for event in mapped.events]


def _closed(event: ChildEvent) -> bool:
    """Whether an event can be written, and read again as the same."""
    try:
        return ChildEvent.model_validate_json(event.model_dump_json(warnings=False)) == event
    except ValidationError:
        return False


def _left_out(known: Mapped, unknown: Mapped) -> bool:
    """Whether something that was told of a known code is not told of an unknown one."""
    fields = {event.detail.kind: event.detail.model_dump() for event in known.events}
    return any(
        value is None and fields.get(event.detail.kind, {}).get(name) is not None
        for event in unknown.events
        for name, value in event.detail.model_dump().items()
    )


def _feed(trial: Trial, contents: list[bytes]) -> None:
    for content in contents:
        trial.unreadable(content)
