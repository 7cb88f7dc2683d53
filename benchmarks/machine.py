"""What was measured on: kind and versions, never a name or a place."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "faust-streaming", "aiokafka", "confluent-kafka", "pydantic", "sqlalchemy", "psycopg",
    "fhir.resources", "lxml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine as far as a reader of figures needs it."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    versions: Mapping[str, str]

    @property
    def summary(self) -> str:
        """A short name for the file of results: `2-cores-24gb`."""
        return f"{self.cores}-cores-{self.memory_gb}gb"


def this_machine(kafka_libraries: Path) -> Machine:
    """Look at the machine. `kafka_libraries` is the folder of the broker's jars."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        versions={
            "python": platform.python_version(),
            "java": _java(),
            "kafka": _kafka(kafka_libraries),
            **{name: version(name) for name in PACKAGES},
        },
    )


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def _java() -> str:
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "([^"]+)"', done.stderr)
    return found.group(1) if found else "none"


def _kafka(libraries: Path) -> str:
    names = [path.stem for path in libraries.glob("kafka_2.13-*.jar")]
    return names[0].rpartition("-")[2] if names else "none"
