"""Who may import whom: the contracts of pyproject.toml, and what deciding may use at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grimp
import pytest

from tests.architecture.sources import ROOT

if TYPE_CHECKING:
    from grimp import ImportGraph

# Pure parts of the standard library and of what we depend on: none reads a clock, a file, the
# network or the environment, and none draws a random number. zlib: bytes in, bytes out.
PURE: Final = frozenset(
    {
        "__future__", "abc", "base64", "bisect", "collections", "contextlib", "dataclasses",
        "datetime", "decimal", "enum", "functools", "hashlib", "heapq", "hmac", "inspect",
        "ipaddress", "itertools", "json", "math", "operator", "re", "string", "textwrap", "types",
        "typing", "unicodedata", "zlib", "zoneinfo", "pydantic", "pydantic_core",
    }
)  # fmt: skip

OURS: Final = ("kinbridge", "kinbridge_fhir", "kinbridge_casesystem", "kinbridge_schemas")


def test_every_import_contract_is_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-4000:]


def impure_imports(graph: ImportGraph, package: str) -> dict[str, set[str]]:
    """Give for each decide module what it imports, however indirectly, that is not pure."""
    found = {}
    for module in sorted(graph.modules):
        if not (module.startswith(f"{package}.") and module.endswith(".decide")):
            continue
        reached = graph.find_upstream_modules(module)
        outside = {name for name in reached if name.partition(".")[0] not in (*OURS, package)}
        if impure := {name for name in outside if name.partition(".")[0] not in PURE}:
            found[module] = impure
    return found


def test_deciding_uses_nothing_that_is_not_on_the_list() -> None:
    graph = grimp.build_graph(*OURS, include_external_packages=True, cache_dir=None)

    assert impure_imports(graph, "kinbridge") == {}


@pytest.mark.parametrize("impure", ["time", "random", "httpx", "os"])
def test_the_list_catches_what_is_impure_also_behind_another_module(
    impure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"spoilt_{impure}"
    stage = tmp_path / package / "rules"
    stage.mkdir(parents=True)
    (tmp_path / package / "__init__.py").touch()
    (stage / "__init__.py").touch()
    (stage / "decide.py").write_text(f"from {package}.rules import when\n", encoding="utf-8")
    (stage / "when.py").write_text(f"import datetime\nimport {impure}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    graph = grimp.build_graph(package, include_external_packages=True, cache_dir=None)

    assert impure_imports(graph, package) == {f"{package}.rules.decide": {impure}}
