"""The Faust application of one worker: it subscribes, and hands over runs of records."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import faust
from aiokafka.errors import KafkaError
from faust.serializers import codecs
from faust.types import TP

from kinbridge.runtime.credentials import broker_credentials
from kinbridge.runtime.loop import Loop
from kinbridge.runtime.reader import BrokerAwayError, Place, Run
from kinbridge.runtime.records import Record
from kinbridge.runtime.transport import Consumer
from kinbridge.runtime.world import Bounds

SCHEME: Final = "kinbridge"
AS_IT_IS: Final = "kinbridge-run"


@dataclass(frozen=True, slots=True)
class Group:
    """A worker's place in its group: seconds, and counts.

    `fetch_wait` is how long a broker may hold a fetch that finds nothing. What comes meanwhile
    on a partition that is not in that fetch waits for its end, so it bounds the speed of a hop
    when there is little to do. The embedded broker always holds it that long. `most_runs`
    bounds what was fetched and waits, `poll_records` one fetch of it. `look_again` is how long
    a leader believes what it was told of its topics: a broker that has just started may know
    none of them yet, the leader then gives no partition to anybody, and until it asks again
    (aiokafka: after five minutes) nothing is read.
    """

    session: float = 6.0
    heartbeat: float = 1.5
    rebalance: float = 30.0
    request: float = 40.0
    commit: float = 1.0
    fetch_wait: float = 0.02
    look_again: float = 3.0
    most_runs: int = 12
    poll_records: int = 500


class _AsItIs(codecs.Codec):
    """Hands a run on untouched: Faust's own would try to decode it, fail, and skip it."""

    def _loads(self, s: Any) -> Any:
        return s

    def _dumps(self, s: Any) -> Any:
        return s


class App(faust.App):
    """Faust's application, with the worker's loop, which holds its partitions."""

    holder: Holder


class Holder:
    """Between our driver and the loop: what the one asks, the other answers."""

    def __init__(self, group: Group) -> None:
        self.fetch_wait: Final = group.fetch_wait
        self.most_runs: Final = group.most_runs
        self.loop: Loop | None = None

    async def resume(self, assigned: frozenset[TP]) -> Mapping[TP, int]:
        if self.loop is None:
            return {}
        found = await self.loop.resume(frozenset((tp.topic, tp.partition) for tp in assigned))
        return {TP(topic, partition): at for (topic, partition), at in found.items()}

    def take(self, run: Run) -> None:
        if self.loop is not None:
            self.loop.take(run)

    def stored(self, tp: TP) -> tuple[int, int] | None:
        return self.loop.stored(tp.topic, tp.partition) if self.loop else None


class FaustReader:
    """The loop's view of Faust's consumer."""

    def __init__(self, app: App) -> None:
        self._app: Final = app

    @property
    def _consumer(self) -> Consumer:
        return cast("Consumer", self._app.consumer)

    def assigned(self) -> frozenset[Place]:
        return frozenset((tp.topic, tp.partition) for tp in self._consumer.assignment())

    def flows(self) -> bool:
        return not self._app.rebalancing and self._consumer.can_resume_flow.is_set()

    def positions(self) -> Mapping[Place, int]:
        return self._consumer.fetched()

    async def bounds(self, places: frozenset[Place]) -> Mapping[Place, Bounds]:
        try:
            found = await self._consumer.bounds(frozenset(TP(*at) for at in places))
        except (KafkaError, TimeoutError) as why:
            raise BrokerAwayError(type(why).__name__) from None
        return {(tp.topic, tp.partition): bound for tp, bound in found.items()}

    async def seek(self, positions: Mapping[Place, int]) -> None:
        await self._consumer.seek_in_flow({TP(*at): to for at, to in positions.items()})

    def pause(self, places: frozenset[Place]) -> None:
        self._consumer.pause_partitions({TP(*at) for at in places})

    def resume(self, places: frozenset[Place]) -> None:
        self._consumer.resume_partitions({TP(*at) for at in places})


def make_app(name: str, kafka: Mapping[str, str], reads: tuple[str, ...], group: Group) -> App:
    """Make the application of a group, whose agent puts runs into the holder's loop."""
    codecs.register(AS_IT_IS, _AsItIs())
    hosts = kafka["bootstrap.servers"].split(",")
    app = App(
        name,
        broker=[f"{SCHEME}://{host.strip()}" for host in hosts],
        broker_credentials=broker_credentials(kafka),
        autodiscover=False,
        datadir=Path(tempfile.gettempdir()) / f"faust-{name}",
        store="memory://",
        key_serializer="raw",
        value_serializer=AS_IT_IS,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_bind="127.0.0.1",
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=int(group.look_again * 1_000),
        broker_session_timeout=group.session,
        broker_heartbeat_interval=group.heartbeat,
        broker_rebalance_timeout=group.rebalance,
        broker_request_timeout=group.request,
        broker_commit_interval=group.commit,
        broker_max_poll_records=group.poll_records,
        worker_redirect_stdouts=False,
        table_standby_replicas=0,
    )
    app.holder = Holder(group)
    topic = app.topic(*reads, key_serializer="raw", value_serializer=AS_IT_IS)

    async def runs(stream: Any) -> None:
        async for event in stream.noack().events():
            app.holder.take(_run(event))

    app.agent(topic, name="runs")(runs)
    return app


def _run(event: Any) -> Run:
    message = event.message
    records = [
        Record(
            topic=each.topic,
            partition=each.partition,
            offset=each.offset,
            timestamp=each.timestamp,
            key=each.key,
            value=each.value,
            headers=dict(each.headers),
        )
        for each in message.value
    ]

    async def done() -> None:
        event.ack()

    return Run(message.partition, records, done)
