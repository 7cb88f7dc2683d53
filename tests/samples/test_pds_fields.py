"""Every field of the samples of MNS and PDS is read, or is left out on purpose and by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from kinbridge_fhir import mns, pds_record
from kinbridge_fhir.thin import Thin
from tests.samples.place import SAMPLES

pytestmark = pytest.mark.samples

PAGE: Final = Path(__file__).parents[2] / "docs" / "adapters" / "coverage-pds.md"
FILES: Final = {
    "MNS signal": "mns-r4-signals/examples/*/*.json",
    "PDS Patient": "pds-r4/patientResponses/*.json",
    "PDS RelatedPerson": "pds-r4/relatedPersonResponses/*.json",
}
MODELS: Final[dict[str, type[Thin]]] = {
    "MNS signal": mns._Bundle,
    "PDS Patient": pds_record.Patient,
}
_NAME: Final = re.compile(r"`([^`]+)`")


def page() -> dict[str, dict[str, bool]]:
    """Give by section which names are used (True) and which are left out (False)."""
    found: dict[str, dict[str, bool]] = {}
    names: dict[str, bool] = {}
    used = True
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            names = found.setdefault(line.removeprefix("## "), {})
        elif line in {"Used:", "Left out on purpose:"}:
            used = line == "Used:"
        elif line.startswith("- "):
            names.update(dict.fromkeys(_NAME.findall(line.partition(": ")[0]), used))
    return found


def fields_in(body: Any, path: str = "") -> Iterator[str]:
    match body:
        case dict():
            for name, part in body.items():
                yield from fields_in(part, f"{path}.{name}".lstrip("."))
        case list():
            for part in body:
                yield from fields_in(part, path)
        case _:
            yield path


def fields_of(model: type[Thin], path: str = "") -> Iterator[str]:
    """Give the fields that a model reads, by the names of FHIR."""
    for field in model.model_fields.values():
        name = f"{path}.{field.alias}".lstrip(".")
        inner = _model_in(field.annotation)
        if inner is None:
            yield name
        else:
            yield from fields_of(inner, name)


def _model_in(annotation: Any) -> type[Thin] | None:
    if isinstance(annotation, type) and issubclass(annotation, Thin):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


def said_of(field: str, names: dict[str, bool]) -> bool | None:
    """Give whether a field is used, by the longest name that it lies under."""
    above = [name for name in names if field == name or field.startswith(f"{name}.")]
    return names[max(above, key=len)] if above else None


@pytest.mark.parametrize("section", FILES)
def test_every_field_of_the_samples_stands_on_the_page(section: str) -> None:
    paths = sorted((SAMPLES / "nhs").glob(FILES[section]))
    come = {f for path in paths for f in fields_in(json.loads(path.read_text(encoding="utf-8")))}

    assert paths
    assert {field for field in come if said_of(field, page()[section]) is None} == set()


@pytest.mark.parametrize("section", MODELS)
def test_what_is_said_to_be_used_is_what_is_read(section: str) -> None:
    names, read = page()[section], set(fields_of(MODELS[section]))
    samples = [json.loads(p.read_text()) for p in (SAMPLES / "nhs").glob(FILES[section])]
    come = {field for body in samples for field in fields_in(body)}

    assert {f for f in come if said_of(f, names) and f not in read} == set()
    assert {f for f in come & read if not said_of(f, names)} == set()
