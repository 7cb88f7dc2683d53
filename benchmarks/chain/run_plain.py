"""One stage of the job as a bare loop: a dict, one poll, its outputs, one commit.

The floor that the engines are compared with: it keeps nothing over a crash.
`python -m benchmarks.chain.run_plain STAGE PREFIX BROKER`.
"""

from __future__ import annotations

import json
import signal
import sys
from types import FrameType

from confluent_kafka import Consumer, Message, Producer

from benchmarks.chain.job import FRESH, STAGES, Counted, counted, next_key, topics

BATCH = 500
GATHER = 0.01
"""Seconds a batch may wait to fill: each costs the broker a commit, whatever its size."""


class Loop:
    """Reads, counts and writes until it is asked to end."""

    def __init__(self, stage: str, prefix: str, broker: str) -> None:
        self._stage = stage
        names = topics(prefix)
        place = STAGES.index(stage)
        self._target = names[place + 1]
        self._states: dict[str, Counted] = {}
        self._going = True
        self._producer = Producer(
            {
                "bootstrap.servers": broker,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 0,
            }
        )
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": f"{prefix}-{stage}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
            }
        )
        self._consumer.subscribe([names[place]])

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._going = False

    def run(self) -> None:
        while self._going:
            found = self._consumer.consume(BATCH, timeout=GATHER)
            batch = [message for message in found if message.error() is None]
            for message in batch:
                self._step(message)
            if batch:
                self._producer.flush()
                self._consumer.commit(asynchronous=False)
        self._consumer.close()

    def _step(self, message: Message) -> None:
        key = (message.key() or b"").decode()
        value = json.loads(message.value() or b"")
        before = self._states.get(key, FRESH)
        self._states[key] = counted(before, value["origin"])
        to = next_key(value["number"], self._stage)
        said = {**value, "key": to, "before": before["count"]}
        self._producer.produce(
            self._target,
            key=to.encode(),
            value=json.dumps({**said, "fingerprint": before["fingerprint"]}).encode(),
            headers=message.headers(),
        )
        self._producer.poll(0)


def main(stage: str, prefix: str, broker: str) -> None:
    loop = Loop(stage, prefix, broker)
    signal.signal(signal.SIGTERM, loop.stop)
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
