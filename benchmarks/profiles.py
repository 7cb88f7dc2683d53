"""Where time goes: another process sampled from outside by py-spy, a function by cProfile."""

from __future__ import annotations

import cProfile
import pstats
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import BenchmarkError, Table

RATE: Final = 150
SHOWN: Final = 14
_FRAME: Final = re.compile(r"^(?P<function>.*) \((?P<file>[^():]*)(?::\d+)?\)$")
_WAITING: Final = ("EpollSelector.select (", "_worker (concurrent/futures/thread.py")


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples by where they were taken: shares of the time a process was busy in Python."""

    name: str
    owners: Mapping[str, float]
    functions: Mapping[str, float]


class ProfilerError(BenchmarkError):
    """py-spy could not look into the process; it needs the right to trace."""


def start_profile(spy: Path, pid: int, seconds: int, to: Path) -> subprocess.Popen[bytes]:
    """Begin to sample a process, at the side. Read with `finish_profile`."""
    command = [
        str(spy), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE),
        "--format", "raw", "--nolineno", "--output", str(to),
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish_profile(name: str, sampling: subprocess.Popen[bytes], stacks: Path) -> Profile:
    """Wait for the samples and gather them. Raises ProfilerError."""
    _, said = sampling.communicate()
    if not stacks.is_file():
        raise ProfilerError(said.decode(errors="replace").strip()[-300:])
    return gather(name, stacks.read_text())


def gather(name: str, stacks: str) -> Profile:
    """Gather collapsed stacks (`a;b;c 12`): by module of ours, and by function.

    A sample counts for the innermost module of the product on its stack, with all that this
    module called; so the shares add up, and SQLAlchemy's time is seen where it is caused.
    """
    owners: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if frames[-1].startswith(_WAITING):
            continue
        owners[_owner(frames)] += int(count)
        functions[_short(frames[-1])] += int(count)
    total = max(1, owners.total())
    return Profile(
        name,
        {owner: count / total for owner, count in owners.most_common(SHOWN)},
        {function: count / total for function, count in functions.most_common(SHOWN)},
    )


def _owner(frames: list[str]) -> str:
    for frame in reversed(frames):
        found = _FRAME.match(frame)
        file = found["file"] if found else ""
        for root in ("kinbridge_", "kinbridge/", "benchmarks/"):
            if root in file:
                return file[file.index(root) :]
    return f"outside: {_library(frames)}"


def _library(frames: list[str]) -> str:
    for library in ("faust", "mode", "aiokafka", "confluent_kafka", "sqlalchemy", "quixstreams"):
        if any(f"{library}/" in frame for frame in frames):
            return library
    return "Python"


def _short(frame: str) -> str:
    found = _FRAME.match(frame)
    if found is None:
        return frame
    parts = found["file"].split("/")
    return f"{found['function']} ({'/'.join(parts[-2:])})"


def profiled(name: str, work: Callable[[], None]) -> Table:
    """Run something of ours once under cProfile, and show where its time goes."""
    profiler = cProfile.Profile()
    profiler.runcall(work)
    spent = pstats.Stats(profiler).get_stats_profile()
    total = max(spent.total_tt, 1e-9)
    ordered = sorted(spent.func_profiles.items(), key=lambda pair: -pair[1].tottime)
    return Table(
        f"Where the time goes: {name}",
        ("function", "its own share", "calls", "with all it calls"),
        tuple(
            (
                f"{function} ({_file(found.file_name)}:{found.line_number})",
                f"{found.tottime / total:.0%}",
                found.ncalls,
                f"{found.cumtime / total:.0%}",
            )
            for function, found in ordered[:SHOWN]
        ),
    )


def _file(path: str) -> str:
    return "/".join(Path(path).parts[-2:]) or "built in"


def profile_table(profile: Profile) -> Table:
    """Show both views side by side."""
    owners = [(who, f"{share:.0%}") for who, share in profile.owners.items()]
    functions = [(who, f"{share:.0%}") for who, share in profile.functions.items()]
    rows = max(len(owners), len(functions))
    owners += [("", "")] * (rows - len(owners))
    functions += [("", "")] * (rows - len(functions))
    return Table(
        f"Where the time goes: {profile.name}",
        ("with all it calls", "share", "innermost function", "share "),
        tuple((*a, *b) for a, b in zip(owners, functions, strict=True)),
    )
