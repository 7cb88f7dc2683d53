"""Validation of all that came, beside what is read of it: an option, and never a refusal.

An adapter reads a dozen fields, and that is enough to understand a message. Here every resource
is held to the whole of FHIR, one by one, so that one bad resource says nothing of its
neighbours. What is wrong is a flaw that is counted: official examples have some too.

R4 is validated as R4B, which holds what is read here as R4 does; R5 is not validated.
"""

from __future__ import annotations

import re
from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class as of_r4b
from fhir.resources.STU3 import get_fhir_model_class as of_stu3
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kinbridge_fhir.collection import Collection
from kinbridge_fhir.nodes import Node, one, read, text, whole
from kinbridge_schemas.mapped import Adapter, Flaw, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import ANSWER, unframed

MOST_RESOURCES: Final = 300
"""Of one record: the first of them. Flaws repeat, and validating costs."""
MOST_FLAWS: Final = 50

_MODELS: Final[Mapping[str, Any]] = MappingProxyType({"STU3": of_stu3, "R4B": of_r4b})
_NAME: Final = re.compile(r"[A-Za-z_]{1,60}")
_PROBLEM: Final = re.compile(r"[^a-z0-9._-]+")
# What fhir-core's reader of XML raises for elements that FHIR does not have, for values that
# are missing, and for text that is no XHTML, beside ValidationError and UnicodeDecodeError,
# which are ValueErrors.
_NOT_READ: Final = (
    *(ValueError, LookupError, AttributeError, TypeError),
    *(AssertionError, NotImplementedError, SyntaxError, RecursionError, OverflowError),
)


class Strict:
    """An adapter of FHIR whose records of the named sources are validated whole as well."""

    def __init__(self, adapter: Adapter, sources: Names[str]) -> None:
        self._adapter: Final = adapter
        self._sources: Final = frozenset(sources)

    @property
    def version(self) -> str:
        return self._adapter.version

    @property
    def compares(self) -> bool:
        return self._adapter.compares

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one record as the adapter does, and say what is wrong with it beside."""
        mapped = self._adapter(received, given)
        if received.source.partition(".")[0] not in self._sources:
            return mapped
        return mapped.model_copy(update={"flaws": flaws(received.content, received.content_type)})


def flaws(content: bytes, content_type: str) -> tuple[Flaw, ...]:
    """Give what is not as FHIR says, each once, the first fifty. None of what cannot be read."""
    try:
        if content_type == ANSWER:
            answer, content = unframed(content)
            if answer.end == "no-answer":
                return ()
            content_type = answer.content_type
        root = read(content, content_type)
        if text(root, "specversion") is not None:
            return ()  # a CloudEvent
        collection = Collection(root)
        release = _release(collection, content_type)
        if release is None:
            return ()
        found = dict.fromkeys(
            flaw
            for resource in collection.resources[:MOST_RESOURCES]
            for flaw in _of_resource(resource, release)
        )
    except UnreadableError:
        return ()
    return tuple(found)[:MOST_FLAWS]


def _release(collection: Collection, content_type: str) -> str | None:
    """Say by which release it is validated; None for R5."""
    version = content_type.partition("fhirVersion=")[2].strip('" ')
    if version:
        return {"3.0": "STU3", "4.0": "R4B", "4.3": "R4B"}.get(version)
    if text(collection.root, "type") == "subscription-notification":
        return None
    first = next(iter(collection.resources), None)
    # In STU3 the event is a Coding, in R4 a choice under another name.
    is_stu3 = first is not None and one(first, "event") is not None
    return "STU3" if is_stu3 and first is not None and first.kind == "MessageHeader" else "R4B"


def _of_resource(resource: Node, release: str) -> Iterator[Flaw]:
    kind = resource.kind
    try:
        model = _MODELS[release](kind) if _NAME.fullmatch(kind) else None
    except ValueError:
        model = None
    if model is None or not model.has_resource_base():
        yield Flaw(place="resource", problem="unknown-type")
        return
    content = whole(resource)
    try:
        if isinstance(content, bytes):
            model.model_validate_xml(content)
        else:
            model.model_validate(content)
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_context=False, include_input=False):
            yield Flaw(place=_place(kind, problem.title, error), problem=_problem(error["type"]))
    except _NOT_READ as problem:
        yield Flaw(place=kind, problem=_problem(type(problem).__name__.lower()))


def _place(kind: str, title: str, error: ErrorDetails) -> str:
    """Give the field by its names; one that FHIR does not have is not named."""
    steps = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    named = [step for step in map(_step, steps) if step]
    inner = [title] if title != kind and _NAME.fullmatch(title) else []
    return ".".join([kind, *inner, *named]).replace(".[", "[")[:200]


def _step(step: int | str) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return step if _NAME.fullmatch(step) else ""


def _problem(kind: str) -> str:
    return _PROBLEM.sub("-", kind.lower()).strip("-")[:100] or "invalid"
