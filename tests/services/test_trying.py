"""The dry run: what a file would become, and nobody named."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from kinbridge.cli import main

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "fhir-message"


def test_a_file_is_told_by_what_it_becomes() -> None:
    path = GOLDEN / "child-not-brought" / "in.json"

    done = CliRunner().invoke(main, ["try", "fhir-message", str(path)])

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "in.json",
        "  says child_not_brought of 2026-03-09, about child",
    ]
    assert "9000000009" not in done.output


def test_what_cannot_be_read_says_where_and_is_an_exit_code(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_bytes(b"<Bundle")

    done = CliRunner().invoke(main, ["try", "fhir-message", str(broken)])

    assert (done.exit_code, done.output) == (2, "broken.xml\n  dead-letter xml-invalid\n")


def test_what_is_not_valid_is_said_beside_what_it_becomes(tmp_path: Path) -> None:
    text = (GOLDEN / "child-not-brought" / "in.json").read_text(encoding="utf-8")
    odd = tmp_path / "odd.json"
    odd.write_text(text.replace('"resourceType": "Patient"', '"resourceType": "Patient", "x": 1'))

    done = CliRunner().invoke(main, ["try", "fhir-message", str(odd)])

    assert "says child_not_brought" in done.output
    assert "not valid: Patient extra_forbidden" in done.output


@pytest.mark.parametrize(
    ("route", "file", "said"),
    [
        ("nowhere", "there.json", "There is no such route."),
        ("fhir-message", "not-there.json", "There is no "),
    ],
)
def test_a_slip_is_said_in_a_sentence(route: str, file: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "there.json").write_bytes(b"{}")

    done = CliRunner().invoke(main, ["try", route, str(tmp_path / file)])

    assert done.exit_code != 0
    assert said in done.output
