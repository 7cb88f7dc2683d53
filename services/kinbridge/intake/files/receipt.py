"""What an upload is answered with, and as which types of media files are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from kinbridge_casesystem.quality import Report
from kinbridge_schemas.base import Value

SUFFIXES: Final[Mapping[str, str]] = {
    "text/csv": ".csv",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/zip": ".zip",
    "application/octet-stream": "",
}
"""The end of the name that a file has which was sent without one, by its media type."""


class LoadReceipt(Value):
    """What was taken in, and is durable: its hash, its records, and what was odd about it."""

    id: Annotated[str, Field(examples=["load-3f2a"])]
    records: Annotated[int, Field(ge=0, examples=[412])]
    report: Report
