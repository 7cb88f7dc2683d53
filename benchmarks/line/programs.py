"""The programs of the line, and what they are told."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.children import Command
from benchmarks.figures import BenchmarkError
from benchmarks.ground import ROOT, Ground
from benchmarks.mix import AUTHORITY, NHS, SECRET
from kinbridge.intake.keys import sha256_of
from kinbridge.partnership.loader import load_all
from kinbridge.pipeline import STAGES
from tests.integration.kafka import free_ports

KEY: Final = "a key of the benchmarks"
KINBRIDGE: Final = (sys.executable, "-m", "kinbridge.cli")
TEAM_TOPICS: Final = (f"alerts.macpt.{AUTHORITY}", f"alerts.family-help.{AUTHORITY}")
ENDS: Final = "dispositions"
PROCESSES: Final = (*STAGES, "ticker", "intake")


@dataclass(frozen=True, slots=True)
class Programs:
    """The two commands of the line, and where its intake listens.

    `up` starts every process of the line and starts again those that exit, as on one machine.
    """

    up: Command
    receiver: Command
    door: str


def programs(ground: Ground, folder: Path) -> Programs:
    """Make the topics of the line, and give the commands of its processes."""
    intake_port, receiver_port = free_ports(2)
    environment = {
        "KINBRIDGE_BROKER": ground.kafka.bootstrap,
        "KINBRIDGE_STORE": ground.database("line"),
        "KINBRIDGE_DATA": str(folder),
        "KINBRIDGE_SECRET": SECRET,
        "KINBRIDGE_TOPICS": str(ROOT / "topics.yaml"),
        "KINBRIDGE_PARTNERSHIPS": str(ROOT / "deploy" / "partnerships"),
        "KINBRIDGE_REPLICATION": "1",
        "KINBRIDGE_KEYS": str(_keys(folder)),
        "KINBRIDGE_INTAKE_PORT": str(intake_port),
        "KINBRIDGE_LOG_LEVEL": "warning",
        **_destinations(f"http://127.0.0.1:{receiver_port}/alerts"),
    }
    _apply(environment)
    receiver = [sys.executable, "-m", "benchmarks.line.receiver", str(receiver_port)]
    return Programs(
        Command("up", [*KINBRIDGE, "up"], environment),
        Command("receiver", receiver, {"PYTHONPATH": str(ROOT)}),
        f"http://127.0.0.1:{intake_port}",
    )


def _apply(environment: dict[str, str]) -> None:
    applied = subprocess.run(
        [*KINBRIDGE, "topics", "apply", "--yes"],
        check=False,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if applied.returncode:
        raise BenchmarkError(f"The topics were not made: {applied.stderr.strip()[-300:]}")


def pids(up: int) -> dict[str, int]:
    """Give the processes that `up` has started and that run now, by what they do."""
    found = {}
    for task in Path(f"/proc/{up}/task").iterdir():
        for pid in (task / "children").read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\x00")
            named = [word for word in words if word in PROCESSES]
            if named:
                found[named[-1]] = int(pid)
    return found


def _keys(folder: Path) -> Path:
    doors = ["nhs", "events", "children", "responses"]
    key = {"name": "load", "sha256": sha256_of(KEY), "source": NHS, "doors": doors}
    path = folder / "keys.yaml"
    # JSON is YAML too.
    path.write_text(json.dumps({"keys": [{**key, "authority": AUTHORITY}]}))
    return path


def _destinations(url: str) -> dict[str, str]:
    """Name an address and a secret for every webhook of the policies that are shipped."""
    secret = "whsec_" + base64.b64encode(b"a secret of the benchmarks").decode()
    found = {}
    for policy in load_all(ROOT / "deploy" / "partnerships").values():
        for subscription in policy.subscriptions:
            found[subscription.url_setting] = url
            found[subscription.secret_setting] = secret
    return found
