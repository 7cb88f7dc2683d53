"""What was measured on: kind and versions, never a name or a place."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Final

PACKAGES: Final = (
    "faust-streaming", "aiokafka", "confluent-kafka", "pydantic", "sqlalchemy", "psycopg",
    "fhir.resources", "lxml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine as far as a reader of figures needs it.

    `load` is what else it did just before: the average number of processes that wanted a core.
    `pace` is how many milliseconds of processor time a fixed piece of Python took, so that
    runs on different days and machines can be set beside each other.
    """

    processor: str
    cores: int
    memory_gb: int
    system: str
    load: float
    pace: float
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
        load=round(os.getloadavg()[0], 1),
        pace=round(_pace(), 1),
        system=f"{platform.system()} {platform.machine()}",
        versions={
            "python": platform.python_version(),
            "java": _java(),
            "kafka": _kafka(kafka_libraries),
            **{name: version(name) for name in PACKAGES},
        },
    )


def _pace() -> float:
    began = process_time()
    value: object = {f"key-{number}": [number, str(number)] for number in range(500)}
    for _ in range(100):
        value = json.loads(json.dumps(value))
    return (process_time() - began) * 1_000


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
