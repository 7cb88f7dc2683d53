"""Decide when a reporting copy is read next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from kinbridge_schemas.times import LONDON


def next_reading(now: datetime, at: Sequence[time]) -> datetime:
    """Give the first of these times in England after `now`. Summer time is looked after."""
    here = now.astimezone(LONDON)
    days = (here.date() + timedelta(days=ahead) for ahead in (0, 1, 2))
    times = (datetime.combine(day, each, LONDON) for day in days for each in sorted(at))
    return next(each for each in times if each > here)
