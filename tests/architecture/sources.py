"""Our own Python files, parsed: what the tests about the repository look at."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

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

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the file."""
        return tuple(ast.walk(self.tree))

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
    return tuple(each for each in every_python_file() if each.path.startswith(PRODUCT))


@cache
def every_python_file() -> tuple[Source, ...]:
    """Tests and benchmarks too."""
    return tuple(
        Source(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in tracked_files()
        if path.endswith(".py")
    )
