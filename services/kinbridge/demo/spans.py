"""Spans of time as stories write them: `20s`, `90m`, `3h`, `6d`, `5w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_FORM: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def span(said: object) -> timedelta:
    """Read a span. Raises ValueError for anything else."""
    form = _FORM.fullmatch(said) if isinstance(said, str) else None
    if form is None:
        raise ValueError("write a number and one of s, m, h, d, w: `20s`")
    return int(form[1]) * _UNITS[form[2]]


Span = Annotated[timedelta, BeforeValidator(span)]
