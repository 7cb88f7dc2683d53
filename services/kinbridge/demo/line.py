"""Where a line is and with which keys stories speak to it, as one small file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, ValidationError, field_serializer

from kinbridge.demo.story import StoryError
from kinbridge_schemas.base import Code, Value

NAME: Final = "line.json"


class Line(Value):
    """A running line: its door, its broker, and the key of each source by name."""

    address: str
    broker: str
    kafka: dict[str, str] = Field(default_factory=dict)
    keys: dict[Code, SecretStr]

    @field_serializer("keys", when_used="json")
    def _clear(self, keys: dict[Code, SecretStr]) -> dict[Code, str]:
        return {name: key.get_secret_value() for name, key in keys.items()}

    @property
    def kafka_config(self) -> dict[str, str]:
        return {**self.kafka, "bootstrap.servers": self.broker}

    def key_of(self) -> dict[str, str]:
        return {name: key.get_secret_value() for name, key in self.keys.items()}


def write_line(path: Path, line: Line) -> None:
    """Write it, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(line.model_dump_json(indent=2) + "\n")


def read_line(path: Path) -> Line:
    """Read it. Raises StoryError, with a hint where such a file comes from."""
    try:
        return Line.model_validate_json(path.read_bytes())
    except OSError:
        hint = "`kinbridge demo` leaves one while it runs"
        raise StoryError(f"There is no {path}: {hint}, or name yours with --line.") from None
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise StoryError(f"{path.name}: {place}: {first['msg']}") from None
