"""A case system's reporting database, read by SQL at set times, by a mapping file."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from kinbridge.sources.terms import SettingName
from kinbridge_schemas.base import Value
from kinbridge_schemas.mapped import CaseSource


def _local(given: tuple[time, ...]) -> tuple[time, ...]:
    if any(each.tzinfo is not None for each in given) or len(set(given)) < len(given):
        raise ValueError("times are local, as 06:30, and each stands once")
    return given


class ReportingCopy(Value):
    """A reporting copy, as of the Standard Safeguarding Dataset.

    `url_setting` holds its SQLAlchemy address, with an account that may only read; the
    driver of its dialect must be installed. `source` is the case system, whose mapping file
    names the tables. It is read at start and then `at` these times in England, when its nightly
    load is over. `expect_within` is how long there may be silence before operations are told.
    """

    source: CaseSource
    url_setting: SettingName
    at: Annotated[tuple[time, ...], Field(min_length=1, max_length=24), AfterValidator(_local)] = (
        time(6, 30),
    )
    expect_within: Annotated[timedelta, Field(ge=timedelta(hours=1))] = timedelta(hours=50)


def _distinct(given: tuple[ReportingCopy, ...]) -> tuple[ReportingCopy, ...]:
    if len({each.source for each in given}) < len(given):
        raise ValueError("two reporting copies are of one system")
    return given


ReportingCopies = Annotated[
    tuple[ReportingCopy, ...], Field(max_length=16), AfterValidator(_distinct)
]
"""Each is read by itself."""
