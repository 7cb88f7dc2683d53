"""The page of Eclipse says what the code does: its example is read, and every type is on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from kinbridge.mapping.routes import routes_of
from kinbridge.sources.loader import parse_sources
from kinbridge_casesystem import Eclipse
from kinbridge_casesystem.eclipse import TYPES

PAGE: Final = Path(__file__).parents[3] / "docs" / "adapters" / "la-eclipse.md"


def test_the_example_of_the_page_is_a_file_of_sources_and_its_table_is_used() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    sources = parse_sources(example)

    (system,) = sources.eclipse
    assert system.table.forms["Pre-birth assessment*"].of_kind == "pre-birth"
    assert routes_of(sources)["eclipse"] == Eclipse({"209.eclipse": system.table})


def test_every_type_that_is_understood_is_on_the_page_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    understood = {name.rpartition("_")[0] for name in TYPES}

    named = set(re.findall(r"`((?:Person|Client|Form)[A-Za-z]*)_", text))

    assert named == understood
