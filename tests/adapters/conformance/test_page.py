"""The page for authors names every record of the kit and every command, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from kinbridge.adapters.commands import adapter
from kinbridge_casesystem.conformance_records import RECORDS

PAGE: Final = Path(__file__).parents[3] / "docs" / "adapters" / "adding.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")


def test_the_table_has_every_record() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)

    assert sorted(rows) == sorted({"valid", *RECORDS})


def test_every_command_is_shown() -> None:
    assert set(re.findall(r"kinbridge adapter ([a-z-]+)", TEXT)) == set(adapter.commands)
