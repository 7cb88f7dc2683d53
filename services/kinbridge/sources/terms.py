"""Words that every kind of source uses."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

SettingName = Annotated[str, StringConstraints(pattern=r"^KINBRIDGE_[A-Z0-9_]{3,80}$")]
"""The name of a setting in the environment. The value never stands in a file."""

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
"""The name of a feed, as every event that comes of it carries it; also a label of metrics."""
