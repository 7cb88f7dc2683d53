"""Read the file of sources, and refuse what is wrong with its place and no value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from kinbridge.sources.model import Sources
from kinbridge_casesystem.extract_model import MappingFileError, load_mapping


class SourcesError(Exception):
    """The file of sources is not as it must be: the start is refused."""


def parse_sources(text: str, folder: Path | None = None) -> Sources:
    """Read the YAML of the sources; an empty file names none. Raises SourcesError.

    `folder` is where the paths of mapping files begin.
    """
    try:
        return Sources.model_validate(_with_mappings(yaml.safe_load(text) or {}, folder))
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
        return parse_sources(path.read_text(encoding="utf-8"), path.parent)
    except FileNotFoundError:
        raise SourcesError(f"There is no {path}.") from None


def _with_mappings(given: Any, folder: Path | None) -> Any:
    paths = given.get("extracts") if isinstance(given, dict) else None
    if folder is None or not isinstance(paths, list):
        return given
    try:
        found = [load_mapping(folder / each) if isinstance(each, str) else each for each in paths]
    except MappingFileError as problem:
        raise SourcesError(f"The sources: extracts: {problem}") from None
    return {**given, "extracts": found}
