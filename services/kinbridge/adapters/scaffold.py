"""A new package for an adapter: small, green at once, and meant to be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kinbridge_casesystem.port import ADAPTER_NAME

_TEMPLATE: Final = Path(__file__).parent / "template"
_FILES: Final[Mapping[str, str]] = {
    "pyproject.toml.in": "pyproject.toml",
    "README.md.in": "README.md",
    "init.py.in": "src/{{package}}/__init__.py",
    "adapter.py.in": "src/{{package}}/adapter.py",
    "test_adapter.py.in": "tests/test_{{package}}.py",
    "record.json.in": "samples/record.json",
}
_MARKER: Final = "src/{{package}}/py.typed"


class ScaffoldError(Exception):
    """The package cannot be written. Says why."""


def write_package(name: str, into: Path) -> Path:
    """Write the package of an adapter into a folder of its own, and give that folder.

    Raises ScaffoldError where the name is none, or the folder is there already.
    """
    if not re.fullmatch(ADAPTER_NAME, name):
        raise ScaffoldError("A name is of small letters, digits and hyphens, as acme-cases.")
    folder = into / name
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already.")
    words = _words(name)
    for template, place in _FILES.items():
        text = (_TEMPLATE / template).read_text(encoding="utf-8")
        _write(folder / _filled(place, words), _filled(text, words))
    _write(folder / _filled(_MARKER, words), "")
    return folder


def _words(name: str) -> Mapping[str, str]:
    """`acme-cases` is the package `acme_cases` and the class `AcmeCases`."""
    return {
        "name": name,
        "package": name.replace("-", "_"),
        "adapter": "".join(part.capitalize() for part in name.split("-")),
    }


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{{{word}}}}}", value)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
