"""Stock Faust with a table, doing the first counting stage's job: the control of the suite."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import faust

from tests.services.runtime.counting import Count, Thing, fingerprint


def main() -> None:
    asked = json.loads(sys.argv[1])
    tag = asked["tag"]
    app = faust.App(
        f"stock{tag}",
        broker=f"kafka://{asked['kafka']}",
        store="memory://",
        datadir=Path(asked["folder"]),
        topic_partitions=asked["partitions"],
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        broker_session_timeout=6,
        broker_heartbeat_interval=1.5,
        broker_commit_interval=asked["commit"],
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=True,
    )
    heads = app.topic(f"heads{tag}", key_serializer="raw", value_serializer="raw")
    counts = app.Table("counts", partitions=asked["partitions"], key_type=str, value_type=str)

    async def count(stream: Any) -> None:
        async for value in stream:
            thing = Thing.model_validate_json(value)
            known = thing.key in counts
            before = Count.model_validate_json(counts[thing.key]) if known else Count()
            after = Count(
                count=before.count + 1,
                fingerprint=(before.fingerprint + fingerprint(thing.origin)) % 2**53,
            )
            counts[thing.key] = after.model_dump_json()

    app.agent(heads)(count)
    faust.Worker(app, loglevel="warning").execute_from_commandline()


if __name__ == "__main__":
    main()
