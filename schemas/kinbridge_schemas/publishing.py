"""The JSON Schema of each contract, as published for those who do not read Python.

One file for each contract version, `schemas/published/<Contract>.v<N>.json`, and the schemas
of the last release in `BASELINE.json`. Producers are closed (`additionalProperties: false`).
Readers are tolerant: they leave a field they do not know, and take an unknown word of an
enumeration marked `x-extensible` as `unknown`. `x-concealed` marks identifiers of persons.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kinbridge_schemas.base import Contract
from kinbridge_schemas.compatibility import Schema, breaks_in
from kinbridge_schemas.contracts import CONTRACTS
from kinbridge_schemas.vocabulary import Open

FOLDER: Final = Path(__file__).resolve().parent.parent / "published"
BASELINE: Final = "BASELINE.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(contract: type[Contract]) -> Schema:
    """Give the JSON Schema (2020-12) of a contract, with its open enumerations marked."""
    schema: dict[str, Any] = contract.model_json_schema()
    opened = {kind.__name__: kind for kind in _open_kinds(Open)}
    defs: dict[str, Any] = schema.get("$defs", {})
    for name in defs.keys() & opened.keys():
        defs[name] = _extensible(defs[name], opened[name])
    name, _, version = contract.contract.partition("/")
    head = {"$schema": _DIALECT, "$id": f"urn:kinbridge:{name}:{version}"}
    return {**head, **schema}


def published_name(contract: str) -> str:
    """Give the file name of a contract: `ChildEvent/v1` is in `ChildEvent.v1.json`."""
    return f"{contract.replace('/', '.')}.json"


def generate(contracts: Mapping[str, type[Contract]]) -> Mapping[str, str]:
    """Give the text of every published file, by file name."""
    return _texts(_schemas(contracts))


def problems_in(folder: Path, contracts: Mapping[str, type[Contract]]) -> Iterator[str]:
    """Say in which ways a folder is not what the contracts say, or breaks the last release."""
    working = _schemas(contracts)
    wanted = _texts(working)
    for path in sorted(folder.glob("*.json")):
        if path.name not in wanted and path.name != BASELINE:
            yield f"{path.name}: no contract has this name"
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: not published"
        elif path.read_text(encoding="utf-8") != text:
            yield f"{name}: differs from its contract"
    baseline = folder / BASELINE
    if not baseline.is_file():
        yield f"{BASELINE}: missing, so nothing can be compared with the last release"
        return
    released: Mapping[str, Schema] = json.loads(baseline.read_text(encoding="utf-8"))
    for broken in breaks_in(released, working):
        yield f"{broken.place}: {broken.rule} since the last release"


def write(folder: Path, contracts: Mapping[str, type[Contract]]) -> None:
    """Write every published schema, and remove those whose contract is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = generate(contracts)
    for path in folder.glob("*.json"):
        if path.name not in wanted and path.name != BASELINE:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def release(folder: Path, contracts: Mapping[str, type[Contract]]) -> None:
    """Make the contracts as they stand the baseline that later ones are compared with."""
    (folder / BASELINE).write_text(_text(_schemas(contracts)), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m kinbridge_schemas.publishing`. Exit code 1: something differs or breaks."""
    parser = argparse.ArgumentParser(prog="kinbridge_schemas.publishing", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the published schemas")
    action.add_argument("--check", action="store_true", help="compare, and change nothing")
    action.add_argument("--release", action="store_true", help="make these the baseline")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if chosen.write or chosen.release:
        write(chosen.folder, CONTRACTS)
    if chosen.release:
        release(chosen.folder, CONTRACTS)
    problems = list(problems_in(chosen.folder, CONTRACTS))
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


def _schemas(contracts: Mapping[str, type[Contract]]) -> Mapping[str, Schema]:
    return {name: schema_of(contract) for name, contract in contracts.items()}


def _texts(schemas: Mapping[str, Schema]) -> Mapping[str, str]:
    return {published_name(name): _text(schema) for name, schema in schemas.items()}


def _open_kinds(of: type[Open]) -> Iterator[type[Open]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _open_kinds(kind)


def _extensible(schema: Mapping[str, Any], kind: type[Open]) -> dict[str, Any]:
    # `enum` would make an old reader's validator refuse a new word, and so break it.
    known = [word.value for word in kind]
    said = schema.get("description", "").strip()
    note = f"Known words: {', '.join(known)}. Take any other as `unknown`."
    return {
        "title": schema["title"],
        "description": f"{said}\n\n{note}".strip(),
        "type": "string",
        "x-extensible": True,
        "examples": known,
    }


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
