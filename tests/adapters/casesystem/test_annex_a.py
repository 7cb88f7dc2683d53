"""The Annex A workbook: lists by their names, columns by their headings, codes in words."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import Files, Loads, kinds, parts, report

Rows = Sequence[Sequence[object]]
BORN = datetime(2014, 9, 1)  # noqa: DTZ001 - a cell of a workbook has no zone
HEADINGS = {
    "contacts": ("Child Unique ID", "Date of Birth", "Date of Contact", "Contact Source"),
    "enquiries": (
        "Child Unique ID",
        "Date of Birth",
        "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
    ),
    "plans": (
        "Child Unique ID",
        "Date of Birth",
        "Child Protection Plan Start Date",
        "Initial Category of Abuse",
        "Latest Category of Abuse",
        "Child Protection Plan End Date",
    ),
}


def workbook(sheets: Mapping[str, Rows]) -> Files:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return {"annex a.xlsx": content.getvalue()}


def a_workbook(*, ended: date | None = None, source: str = "q) 6: Police") -> Files:
    return workbook(
        {
            "List 1": [HEADINGS["contacts"], (9212044, BORN, date(2025, 11, 2), source)],
            "List 5": [
                ("Strategy discussions of the last six months",),
                HEADINGS["enquiries"],
                (9212044.0, BORN, date(2025, 11, 3), "b) No", date(2025, 11, 20), "a) Yes"),
                ("C2", None, date(2026, 2, 23), "No", None, None),
            ],
            "List 7": [
                HEADINGS["plans"],
                (9212044, BORN, date(2025, 11, 20), "Neglect", "Emotional abuse", ended),
            ],
            "List 11": [("Individual adopter identifier",), ("A1",)],
        }
    )


def test_the_lists_of_a_child_come_together() -> None:
    found = parts("annex-a", a_workbook())

    assert [part.id for part in found] == ["9212044", "C2"]
    assert kinds(Loads("annex-a").take(a_workbook())) == [
        ("assert", "contact_received"),
        ("assert", "cp_plan_category_changed"),
        ("assert", "cp_plan_started"),
        ("assert", "icpc_held"),
        ("assert", "person_registered"),
        ("assert", "s47_started"),
        ("assert", "s47_started"),
    ]


def test_a_changed_workbook_tells_the_difference_and_nothing_else() -> None:
    loads = Loads("annex-a", since=date(2025, 9, 1))
    loads.take(a_workbook())
    assert loads.take(a_workbook()) == []

    assert kinds(loads.take(a_workbook(ended=date(2026, 2, 27)))) == [("assert", "cp_plan_ended")]


def test_sheets_and_columns_in_another_order_tell_nothing() -> None:
    loads = Loads("annex-a")
    loads.take(
        workbook(
            {
                "List 1": [HEADINGS["contacts"], ("C1", BORN, date(2025, 11, 2), "6: Police")],
                "List 7": [
                    HEADINGS["plans"],
                    ("C1", BORN, date(2025, 11, 20), "NEG", "NEG", None),
                ],
            }
        )
    )
    other = workbook(
        {
            "7. Child protection": [
                tuple(reversed(HEADINGS["plans"])),
                (None, "Neglect", "a) Neglect", "20/11/2025", "01/09/2014", "C1"),
            ],
            "Contacts": [
                tuple(reversed(HEADINGS["contacts"])),
                ("q) 6: Police", "2025-11-02", "01/09/2014", "C1"),
            ],
        }
    )

    assert loads.take(other) == []


def test_adopters_are_not_read() -> None:
    with pytest.raises(UnreadableError) as raised:
        parts("annex-a", workbook({"List 11": [("Individual adopter identifier",), ("A1",)]}))

    assert raised.value.reason == "no-lists"


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.99])
def test_a_cut_workbook_is_refused_whole(share: float) -> None:
    ((name, content),) = a_workbook().items()

    with pytest.raises(UnreadableError) as raised:
        parts("annex-a", {name: content[: int(len(content) * share)]})

    assert raised.value.reason == "workbook-unreadable"


@pytest.mark.parametrize(
    ("sheets", "reason", "path"),
    [
        pytest.param({"List 1": [("A", "B")]}, "header-missing", "list_1", id="no heading"),
        pytest.param(
            {"List 1": [("Child Unique ID",)]}, "column-missing", "list_1.on", id="no date column"
        ),
        pytest.param(
            {"List 1": [HEADINGS["contacts"]], "1 Contacts": [HEADINGS["contacts"]]},
            "list-repeated",
            "list_1",
            id="a list twice",
        ),
    ],
)
def test_a_workbook_of_another_shape_is_refused(
    sheets: Mapping[str, Rows], reason: str, path: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        parts("annex-a", workbook(sheets))

    assert (raised.value.reason, raised.value.path) == (reason, path)


def test_codes_that_are_none_are_counted() -> None:
    found = report("annex-a", a_workbook(source="z) Somebody"))

    assert ("code-unknown", "list_1.source") in {(c.rule, c.field) for c in found.counts}
