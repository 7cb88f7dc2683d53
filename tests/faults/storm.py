"""A storm: kills, stops, freezes and broker failures at random, from a seed, for a while.

`python -m tests.faults.storm --duration 60 --seed 7 [--sqlite] [--lost-sends 0.02]`
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic

from tests.faults.judge import judge
from tests.faults.rig import Rig
from tests.integration.kafka import Broker, start_kafka
from tests.integration.postgres import start_postgres

FROZEN = 8.0
"""Longer than the session time-out of the group: a frozen worker comes back as a zombie."""


class Storm:
    """What happens next, and when. Call `strike` often."""

    def __init__(self, rig: Rig, broker: Broker, seed: int, duration: float) -> None:
        self._rig = rig
        self._broker = broker
        self._random = random.Random(seed)
        self._until = monotonic() + duration
        self._next = monotonic() + 2
        self._broker_left = max(1, int(duration / 40))
        self._thaw: dict[int, float] = {}
        self.seen: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        return monotonic() > self._until

    def strike(self) -> None:
        now = monotonic()
        for hand in self._rig.hands:
            if hand.frozen and now > self._thaw[hand.process.pid]:
                self._rig.thaw(hand)
        self._rig.tend()
        if now > self._next and not self.over:
            self._next = now + self._random.uniform(1.0, 4.0)
            self._once(now)

    def calm(self) -> None:
        """End the storm: thaw what is frozen, go on tending."""
        for hand in self._rig.hands:
            if hand.frozen:
                self._rig.thaw(hand)
        self._rig.tend()

    def _once(self, now: float) -> None:
        hand = self._random.choice(self._rig.hands)
        what = self._random.choices(("kill", "stop", "freeze", "broker"), weights=(5, 2, 2, 1))[0]
        if what == "broker" and not self._broker_left:
            what = "kill"
        self.seen[what] += 1
        match what:
            case "kill":
                hand.process.kill()
            case "stop":
                if hand.frozen:
                    self._rig.thaw(hand)
                hand.process.terminate()
            case "freeze":
                self._rig.freeze(hand)
                self._thaw[hand.process.pid] = now + FROZEN
            case _:
                self._broker_left -= 1
                self._broker.kill()
                self._broker.start()


def run(rig: Rig, broker: Broker, *, seed: int, duration: float, a_second: int) -> Storm:
    """Feed the line while the storm goes on, let it come to rest, and judge it."""
    rig.start_all(2)
    storm = Storm(rig, broker, seed, duration)
    start = 0
    while not storm.over:
        rig.feed(range(start, start + a_second), meanwhile=storm.strike, a_second=a_second)
        start += a_second
    rig.until_done(within=150, meanwhile=storm.calm)
    return storm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--a-second", type=int, default=400)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--lost-sends", type=float, default=0.02)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="storm-") as name:
        folder = Path(name)
        broker = start_kafka(folder / "kafka")
        server = None if asked.sqlite else start_postgres(folder / "postgres")
        store = server.url if server else f"sqlite:///{folder / 'stores'}"
        faults = {"lost_sends": asked.lost_sends, "seed": asked.seed}
        rig = Rig(broker.bootstrap, store, folder / "logs", asked=faults)
        try:
            rig.make_topics()
            storm = run(
                rig, broker, seed=asked.seed, duration=asked.duration, a_second=asked.a_second
            )
            repeats = judge(rig)
        finally:
            rig.close()
            broker.stop()
            if server:
                server.stop()
    print(  # noqa: T201 - this is a command
        f"seed {asked.seed}: {len(rig.numbers)} things, {dict(storm.seen)},"
        f" ended by themselves {Counter(rig.exits)}, repeats {repeats}: exact"
    )


if __name__ == "__main__":
    main()
