"""How much of the machine others had while something was measured."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Self

from benchmarks.children import TICKS


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of processor time up to a moment: of the whole machine, and of ours."""

    when: float
    machine: float
    ours: float

    @classmethod
    def now(cls, besides: Iterable[int]) -> Self:
        """Look. Ours are this process, what it started and has ended, and the pids `besides`."""
        ours = sum(_spent(pid) for pid in (os.getpid(), *besides))
        # user, nice, system, irq, softirq and steal: all but idle and waiting for disks.
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        busy = [int(fields[at]) for at in (0, 1, 2, 5, 6, 7)]
        return cls(monotonic(), sum(busy) / TICKS, ours)

    def others_since(self, before: Used) -> float:
        """Give how many cores others kept busy since then."""
        both = (self.machine - before.machine) - (self.ours - before.ours)
        return max(0.0, both / (self.when - before.when))


def _spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended: its time is with whoever waited for it
        return 0.0
    # With the time of its own children that have ended.
    return sum(int(each) for each in fields[11:15]) / TICKS
