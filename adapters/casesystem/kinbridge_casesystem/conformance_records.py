"""What the author of an adapter gives the conformance kit: a few records, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final

from kinbridge_casesystem.trial import Trial
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.vocabulary import Precision

NUMBER: Final = "9000000009"
SUCCESSOR: Final = "9000000017"
CODE: Final = "zq97"
"""A code that no list has."""

NEEDS: Final[Mapping[str, str]] = {
    "test_a_correction_is_a_later_account_of_the_same_fact": "corrected",
    "test_a_retraction_takes_back_what_was_told": "retracted",
    "test_a_number_is_carried_and_its_lack_is_no_reason_to_stop": "with_number",
    "test_a_wrong_number_is_no_number": "with_number",
    "test_a_superseded_number_is_not_passed_on": "superseded",
    "test_a_restricted_person_is_told_so_and_no_place": "restricted",
    "test_an_unborn_child_is_one": "unborn",
    "test_a_day_is_that_day_in_london": "dated",
    "test_a_part_of_a_date_keeps_its_precision": "partly_dated",
    "test_a_time_without_a_zone_is_unreadable": "zoneless",
    "test_an_unknown_code_is_not_guessed": "with_code",
    "test_text_that_no_event_has_a_use_for_goes_nowhere": "with_text",
}
"""The checks that need a record of their own."""

RECORDS: Final = frozenset(NEEDS.values())
"""The records that a source may have no way to give, by the names of their methods."""


class AdapterRecords:
    """What is given. `AdapterConformance` is what is subclassed."""

    source: ClassVar[str] = "209.example"
    content_type: ClassVar[str] = "application/json"
    route: ClassVar[str] = "x-adapter"
    identifiers: ClassVar[tuple[str, ...]] = ()
    cannot_say: ClassVar[Mapping[str, str]] = {}

    # -- what the author gives

    def adapter(self) -> Adapter:
        """Give a new adapter each time."""
        raise NotImplementedError

    def valid(self) -> bytes:
        """Give a record about a born child that becomes at least one event."""
        raise NotImplementedError

    def corrected(self) -> bytes:
        """Give the same record, later, with one thing of it different."""
        raise NotImplementedError

    def retracted(self) -> bytes:
        """Give the same record, later still, as the source takes it back."""
        raise NotImplementedError

    def with_number(self, number: str | None) -> bytes:
        """Give the valid record with this NHS number of the child, or with none."""
        raise NotImplementedError

    def superseded(self, old: str, new: str) -> bytes:
        """Give a record that says that one NHS number has taken the place of another."""
        raise NotImplementedError

    def restricted(self) -> bytes:
        """Give a record that says that its person's whereabouts are restricted."""
        raise NotImplementedError

    def unborn(self) -> bytes:
        """Give a record about a child who is not born."""
        raise NotImplementedError

    def dated(self, day: date) -> bytes:
        """Give the valid record, of something that was so on that day, without a time."""
        raise NotImplementedError

    def partly_dated(self) -> tuple[bytes, Precision]:
        """Give a record with a month or a year in place of a day, and which of the two."""
        raise NotImplementedError

    def zoneless(self) -> bytes:
        """Give the valid record with a time that has no zone."""
        raise NotImplementedError

    def with_code(self, code: str) -> bytes:
        """Give the valid record with this code where the source has a list of its own."""
        raise NotImplementedError

    def with_text(self, text: str) -> bytes:
        """Give the valid record with this text in a field that no event has a use for."""
        raise NotImplementedError

    # -- how they are put together

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if set(cls.cannot_say) - RECORDS or not all(
            reason.strip() for reason in cls.cannot_say.values()
        ):
            raise TypeError("cannot_say names records by their methods, each with a reason.")
        for check, record in NEEDS.items():
            if record in cls.cannot_say:
                # What pytest cannot call it does not collect.
                setattr(cls, check, None)

    def _may(self, record: str) -> bool:
        return record not in self.cannot_say

    def _trial(self) -> Trial:
        return Trial(self.adapter(), self.source, self.content_type, self.route)

    def _identifiers(self) -> tuple[str, ...]:
        every = b"".join(self._records().values())
        lost = [name for name in self.identifiers if name.encode() not in every]
        assert self.identifiers, "say in `identifiers` who stands in the records"
        assert not lost, f"{len(lost)} of the identifiers stand in no record"
        return (*self.identifiers, NUMBER, SUCCESSOR)

    def _records(self) -> dict[str, bytes]:
        plain = ("valid", "corrected", "retracted", "restricted", "unborn")
        found: dict[str, bytes] = {
            name: getattr(self, name)() for name in plain if self._may(name)
        }
        if self._may("with_number"):
            found["with_number"] = self.with_number(NUMBER)
            found["without_number"] = self.with_number(None)
        if self._may("superseded"):
            found["superseded"] = self.superseded(NUMBER, SUCCESSOR)
        if self._may("with_code"):
            found["with_code"] = self.with_code(CODE)
        return found

    def _histories(self) -> dict[str, list[bytes]]:
        records = self._records()
        told = ["valid", "corrected", "retracted"]
        if not self.adapter().compares:
            return {name: [content] for name, content in records.items()}
        first = {"valid": [records[name] for name in told if name in records]}
        return first | {n: [content] for n, content in records.items() if n not in told}
