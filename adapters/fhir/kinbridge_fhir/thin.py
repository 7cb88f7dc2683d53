"""Thin models of JSON: only the fields that are used, read at once. For what is small and often.

A signal or a demographic record costs some microseconds this way. What has many shapes, or may
come as XML, is looked at through `nodes`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from kinbridge_fhir.nodes import MAX_BYTES
from kinbridge_schemas.problems import UnreadableError


class Thin(BaseModel):
    """A part of a resource. What is not named here is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


M = TypeVar("M", bound=Thin)


def read_object(content: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises UnreadableError: `json-invalid` or `content-too-large`."""
    if len(content) > MAX_BYTES:
        raise UnreadableError("content-too-large")
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise UnreadableError("json-invalid") from None
    if not isinstance(body, dict):
        raise UnreadableError("json-not-an-object")
    return body


def parsed(model: type[M], body: dict[str, Any]) -> M:
    """Take the fields of a model. Raises UnreadableError: `fhir-shape-wrong`, with the place."""
    try:
        return model.model_validate(body)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        raise UnreadableError("fhir-shape-wrong", _path(first["loc"])) from None


def _path(steps: tuple[int | str, ...]) -> str:
    # Only names of our own models and places in lists: nothing of the input.
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")
