"""Message templates: what is sent, with expressions where a story differs.

`<name>.yaml` becomes FHIR R4 as JSON, `<name>.xml` FHIR STU3 as XML. The values of a template
are those that the story gives `with` it, and the story's own names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from kinbridge.demo.expressions import Names, expand, fill
from kinbridge.demo.loads import load_of
from kinbridge.demo.story import Send, StoryError
from kinbridge.demo.yamls import read_yaml

FOLDER: Final = Path(__file__).resolve().parent / "templates"
_JSON: Final = "application/json"
_FHIR_JSON: Final = "application/fhir+json; fhirVersion=4.0"
_FHIR_XML: Final = "application/fhir+xml; fhirVersion=3.0"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent to the door. `file_name` is that of an uploaded file."""

    path: str
    key_of: str
    content_type: str
    content: bytes
    file_name: str | None = None


def request(send: Send, names: Names, now: datetime) -> Request:
    """Fill in what a step sends. Raises StoryError for an unknown name or template."""
    path = fill(send.to, names, now, str)
    if send.files is not None:
        name, kind, content = load_of(send.files, names, now)
        return Request(path, send.as_, kind, content, name)
    if send.template is None:
        body = json.dumps(expand(send.body, names, now)).encode()
        kind = _FHIR_JSON if path.startswith("/nhs/") else _JSON
        return Request(path, send.as_, kind, body)
    own = expand(send.with_, names, now)
    kind, content = _from_template(send.template, {**names, **own}, now)
    return Request(path, send.as_, kind, content)


def _from_template(name: str, names: Names, now: datetime) -> tuple[str, bytes]:
    as_xml, as_yaml = FOLDER / f"{name}.xml", FOLDER / f"{name}.yaml"
    if as_xml.is_file():
        text = fill(as_xml.read_text(encoding="utf-8"), names, now, _attribute)
        return _FHIR_XML, text.encode()
    if as_yaml.is_file():
        value = expand(read_yaml(as_yaml.read_text(encoding="utf-8")), names, now)
        return _FHIR_JSON, json.dumps(value).encode()
    raise StoryError(f"There is no template `{name}`.")


def _attribute(text: str) -> str:
    # FHIR XML writes every value into an attribute.
    return escape(text, {'"': "&quot;"})
