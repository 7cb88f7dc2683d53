"""Words that every kind of source uses."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

SettingName = Annotated[str, StringConstraints(pattern=r"^KINBRIDGE_[A-Z0-9_]{3,80}$")]
"""The name of a setting in the environment. The value never stands in a file."""

_OURS: Final = frozenset({"pds", "responses"})


def _not_ours(name: str) -> str:
    # What PDS answers counts for more than what a feed says of PDS: no feed may pass for it.
    if name in _OURS:
        raise ValueError("this name is taken")
    return name


SourceName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$"), AfterValidator(_not_ours)
]
"""The name of a feed, as every event that comes of it carries it; also a label of metrics."""
