"""Read the file of sources, and refuse what is wrong with its place and no value."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from kinbridge.sources.model import Sources


class SourcesError(Exception):
    """The file of sources is not as it must be: the start is refused."""


def parse_sources(text: str) -> Sources:
    """Read the YAML of the sources; an empty file names none. Raises SourcesError."""
    try:
        return Sources.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError:
        raise SourcesError("The sources are not YAML.") from None
    except ValidationError as problem:
        places = [
            f"{'.'.join(map(str, error['loc'])) or 'file'}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        ]
        raise SourcesError(f"The sources: {'; '.join(places)}.") from None


def load_sources(path: Path | None) -> Sources:
    """Read the sources of a file; without one there are none. Raises SourcesError."""
    if path is None:
        return Sources()
    try:
        return parse_sources(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourcesError(f"There is no {path}.") from None
