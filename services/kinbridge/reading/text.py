"""A sheet laid out in letters: wrapped, aligned, and as readable without colour as with it."""

from __future__ import annotations

import textwrap
from typing import Final

from kinbridge.reading.sheet import Point, Sheet

WIDTH: Final = 100
_LABEL: Final = 26
_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_URGENT: Final = {"U1": "\x1b[1;31m", "U2": "\x1b[1;33m"}


def lay_out(sheet: Sheet, *, width: int = WIDTH, colour: bool = False) -> str:
    """Give the text of a sheet, no line longer than `width`, colours not counted."""
    tint = _URGENT.get(sheet.urgency, _BOLD)
    head = [_tinted(line, tint, colour=colour) for line in _wrapped(sheet.title, width)]
    lines = [*head, *_wrapped(sheet.summary, width)]
    for point in sheet.points:
        lines += _point(point, width, colour=colour)
    return "\n".join(lines)


def _point(point: Point, width: int, *, colour: bool) -> list[str]:
    label = textwrap.wrap(f"{point.number:>2} {point.title}", _LABEL, subsequent_indent="   ")
    said = [part for line in point.lines for part in _wrapped(line, width - _LABEL - 1)]
    rows = max(len(label), len(said))
    label += [""] * (rows - len(label))
    said += [""] * (rows - len(said))
    return [
        f"{_tinted(f'{left:<{_LABEL}}', _DIM, colour=colour)} {right}".rstrip()
        for left, right in zip(label, said, strict=True)
    ]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_on_hyphens=False) or [""]


def _tinted(text: str, tint: str, *, colour: bool) -> str:
    return f"{tint}{text}{_PLAIN}" if colour else text
