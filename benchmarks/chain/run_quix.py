"""One stage of the job on Quix Streams, with its state in RocksDB and a changelog topic.

It runs in an environment of its own, and so imports nothing but the job:
`python -m benchmarks.chain.run_quix STAGE PREFIX BROKER GUARANTEE FOLDER`.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import (  # type: ignore[import-not-found]  # it lives in .bench-venv alone
    Application,
    State,
)

from benchmarks.chain.job import FRESH, STAGES, counted, next_key, topics

COMMIT_INTERVAL = 1.0
"""Seconds. Its default of 5 would give exactly-once five times the latency."""


def main(stage: str, prefix: str, broker: str, guarantee: str, folder: str) -> None:
    names = topics(prefix)
    place = STAGES.index(stage)
    app = Application(
        broker_address=broker,
        consumer_group=f"{prefix}-{stage}",
        auto_offset_reset="earliest",
        processing_guarantee=guarantee,
        commit_interval=COMMIT_INTERVAL,
        state_dir=f"{folder}/{stage}",
        auto_create_topics=True,
        loglevel="WARNING",
    )

    def step(value: dict[str, Any], state: State) -> dict[str, Any]:
        before = state.get("counted", FRESH)
        state.set("counted", counted(before, value["origin"]))
        return {
            **value,
            "key": next_key(value["number"], stage),
            "before": before["count"],
            "fingerprint": before["fingerprint"],
        }

    source = app.topic(names[place], value_deserializer="json", key_deserializer="str")
    target = app.topic(names[place + 1], value_serializer="json", key_serializer="str")
    frame = app.dataframe(source).apply(step, stateful=True)
    frame.to_topic(target, key=lambda value: value["key"])
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
