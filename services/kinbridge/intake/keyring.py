"""The file of keys, read once at the start."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from kinbridge.intake.keys import Keys


class KeysError(Exception):
    """The file of keys is not as it must be. The text names the place and shows no value."""


def parse_keys(text: str) -> Keys:
    """Read the YAML of the keys: a list under `keys`. Raises KeysError."""
    try:
        return Keys.model_validate(yaml.safe_load(text))
    except yaml.YAMLError:
        raise KeysError("The keys are not YAML.") from None
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KeysError(f"The keys: {where or 'file'}: {first['msg']}.") from None


def load_keys(path: Path) -> Keys:
    """Read the keys of a file. Raises KeysError, or OSError when it is not there."""
    return parse_keys(path.read_text(encoding="utf-8"))
