"""The engines that do the job: how each is started, one process for each stage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.chain.job import STAGES
from benchmarks.children import Command
from benchmarks.ground import ROOT, Ground


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine. `label` opens its topics' names; `arguments` starts one stage of it."""

    label: str
    shown: str
    arguments: Callable[[str, str, Ground, Path], list[str]]

    def commands(self, prefix: str, ground: Ground, folder: Path) -> list[Command]:
        """Give the five processes of one run."""
        place = {"PYTHONPATH": str(ROOT)}
        return [
            Command(stage, self.arguments(stage, prefix, ground, folder), place)
            for stage in STAGES
        ]


def _ours(store: Literal["sqlite", "postgresql"]) -> Callable[[str, str, Ground, Path], list[str]]:
    def arguments(stage: str, prefix: str, ground: Ground, folder: Path) -> list[str]:
        url = ground.database(prefix) if store == "postgresql" else f"sqlite:///{folder}"
        module = "benchmarks.chain.run_engine"
        return [sys.executable, "-m", module, stage, prefix, ground.kafka.bootstrap, url]

    return arguments


def _quix(guarantee: str) -> Callable[[str, str, Ground, Path], list[str]]:
    def arguments(stage: str, prefix: str, ground: Ground, folder: Path) -> list[str]:
        python = str(ground.other / "bin" / "python")
        module = "benchmarks.chain.run_quix"
        known = [stage, prefix, ground.kafka.bootstrap, guarantee, str(folder)]
        return [python, "-m", module, *known]

    return arguments


def _plain(stage: str, prefix: str, ground: Ground, _folder: Path) -> list[str]:
    module = "benchmarks.chain.run_plain"
    return [sys.executable, "-m", module, stage, prefix, ground.kafka.bootstrap]


OURS: Final = Engine("ours-sqlite", "Kinbridge's engine, SQLite", _ours("sqlite"))
OURS_POSTGRESQL: Final = Engine(
    "ours-postgresql", "Kinbridge's engine, PostgreSQL", _ours("postgresql")
)
QUIX_ONCE: Final = Engine("quix-once", "Quix Streams, exactly-once", _quix("exactly-once"))
QUIX_LEAST: Final = Engine("quix-least", "Quix Streams, at-least-once", _quix("at-least-once"))
PLAIN: Final = Engine("plain", "bare confluent-kafka loop, a dict", _plain)

ENGINES: Final = (OURS, QUIX_ONCE, QUIX_LEAST, PLAIN, OURS_POSTGRESQL)
