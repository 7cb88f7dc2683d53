"""Our own Python files, parsed: what the tests about the repository look at."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = (
    "schemas/kinbridge_schemas",
    "services/kinbridge",
    "adapters/fhir/kinbridge_fhir",
    "adapters/casesystem/kinbridge_casesystem",
)


@dataclass(frozen=True)
class Source:
    """One Python file. `path` is relative to the repository."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def is_runtime(self) -> bool:
        return self.path.startswith("services/kinbridge/runtime/")

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@cache
def tracked_files() -> tuple[str, ...]:
    """Every file of the repository that git has or would take, relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(sorted(p for p in set(done.stdout.splitlines()) if (ROOT / p).is_file()))


@cache
def product() -> tuple[Source, ...]:
    """The Python files of the four packages."""
    return tuple(_sources(PRODUCT))


@cache
def every_python_file() -> tuple[Source, ...]:
    """Tests and benchmarks too."""
    return tuple(_sources(("",)))


def _sources(folders: tuple[str, ...]) -> Iterator[Source]:
    for path in tracked_files():
        if path.endswith(".py") and path.startswith(folders):
            yield Source(path, (ROOT / path).read_text(encoding="utf-8"))
