"""One worker process of one stage: puts the engine together, runs it, and ends with a code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

import faust
import structlog
from aiokafka.errors import KafkaError
from prometheus_client import start_http_server

from kinbridge.runtime.app import FaustReader, Group, make_app
from kinbridge.runtime.cluster import find_world
from kinbridge.runtime.database import UnavailableError
from kinbridge.runtime.embedded import CLUSTER_PREFIX
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.exits import Exit, TopicsMissingError
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.limit import Limit
from kinbridge.runtime.loop import Loop
from kinbridge.runtime.meters import Meters
from kinbridge.runtime.performer import Agent, Performer
from kinbridge.runtime.plan import Plan, make_plan
from kinbridge.runtime.prepare import place_of
from kinbridge.runtime.progress import World
from kinbridge.runtime.reader import Pace
from kinbridge.runtime.sender import Sender
from kinbridge.runtime.store import Store, open_store
from kinbridge.runtime.transport import check_versions
from kinbridge.runtime.watch import Watch
from kinbridge.stage import Perform, Stage
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.topics import Topics

log: Final = structlog.get_logger("kinbridge.runtime")

EMBEDDED_FETCH_WAIT: Final = 0.01


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a worker runs; the defaults are for a real Kafka. Times in seconds.

    `parameters` fill the templates of topics that the stage writes, so that they can be
    checked at the start: `{"authority": ("209", "210")}`. `metrics` is the address and port
    where the worker's metrics are served; None: nowhere.
    """

    group: Group = field(default_factory=Group)
    pace: Pace = field(default_factory=Pace)
    limit: Limit = field(default_factory=Limit)
    due_chunk: int = 200
    stale_after: float = 120.0
    give_up: float = 120.0
    topics_within: float = 60.0
    stop_within: float = 10.0
    tasks_at_once: int = 16
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metrics: tuple[str, int] | None = None


def group_name(stage: Stage[Any]) -> str:
    """The consumer group of a stage: a rebuilt one reads as another group."""
    return f"kinbridge-{stage.name}-v{stage.version}"


@dataclass(frozen=True, slots=True)
class Outside:
    """What a worker is given from outside: Kafka's client settings, its agent and the time."""

    kafka: Mapping[str, str]
    perform: Perform | None
    hooks: Hooks
    clock: Callable[[], datetime]


def run_stage(  # noqa: PLR0913 - all by name: it is the one door to the engine
    stage: Stage[Any],
    *,
    topics: Topics,
    codec: Codec,
    store_url: str,
    kafka: Mapping[str, str],
    settings: Settings | None = None,
    perform: Perform | None = None,
    hooks: Hooks | None = None,
    clock: Callable[[], datetime] = wall_clock,
) -> NoReturn:
    """Run one worker until it is told to stop (SIGTERM, SIGINT) or cannot go on.

    `kafka` are a confluent-kafka client's settings. `perform` is the stage's agent, for a
    stage with tasks. Never returns: the process ends with a code of `Exit`.
    """
    check_versions()
    settings = settings or Settings()
    plan = make_plan(stage, topics, codec, limit=settings.limit, due_chunk=settings.due_chunk)
    world = _world(plan, kafka, settings)
    embedded = world.cluster.startswith(CLUSTER_PREFIX)
    if embedded:
        settings = replace(settings, group=replace(settings.group, fetch_wait=EMBEDDED_FETCH_WAIT))
    if settings.metrics is not None:
        _serve_metrics(*settings.metrics)
    store = _opened(store_url, stage, settings, durable=not embedded)
    outside = Outside(kafka, perform, hooks or Hooks(), clock)
    Worker(plan, store, world, settings, outside).run()


def _serve_metrics(host: str, port: int) -> None:
    try:
        start_http_server(port, addr=host)
    except OSError as why:
        # A worker that nobody sees is better than none, and this line says it.
        log.error("metrics.not-served", port=port, error=type(why).__name__)  # noqa: TRY400 - the place says nothing


def _world(plan: Plan[Any], kafka: Mapping[str, str], settings: Settings) -> World:
    stage, topics = plan.stage, plan.topics
    expanded = topics.expanded(settings.parameters)
    touched = {*stage.reads, *stage.writes, plan.dead_letters.name}
    counts = {name: topic.partitions for name, topic in expanded if topic.name in touched}
    try:
        return find_world(kafka, counts, frozenset(stage.reads), within=settings.topics_within)
    except TopicsMissingError as why:
        fail(Exit.TOPICS, str(why))


def _opened(url: str, stage: Stage[Any], settings: Settings, *, durable: bool) -> Store[Any]:
    try:
        # Shorter than the session, so that a frozen worker's lock is gone when it is replaced.
        idle = settings.group.session * 2 / 3
        return open_store(url, stage, idle_seconds=idle, durable=durable)
    except UnavailableError as why:
        fail(Exit.STORE, str(why))


def fail(code: Exit, text: str) -> NoReturn:
    """End the process here and now: what matters is in the store, and a start is cheap."""
    log.critical("worker.failed", exit=int(code), code=code.name.lower(), text=text)
    end(code)


def end(code: Exit) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def settle_memory() -> None:
    """Look for garbage seldom, and never among what was made at the start.

    A turn makes tens of thousands of objects that live as long as it does: to look through
    them every 700 was a third of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Worker:
    """The parts of a worker, put together."""

    def __init__(
        self,
        plan: Plan[Any],
        store: Store[Any],
        world: World,
        settings: Settings,
        outside: Outside,
    ) -> None:
        meters = Meters()
        self._settings: Final = settings
        self._store: Final = store
        kafka, give_up = outside.kafka, settings.give_up
        self._sender: Final = Sender(kafka, hooks=outside.hooks, give_up=give_up)
        engine = Engine(plan, store, self._sender, world, outside.hooks)
        name = group_name(plan.stage)
        self._app: Final = make_app(name, kafka, plan.stage.reads, settings.group)
        stale = timedelta(seconds=settings.stale_after)
        watch = Watch(plan, meters, outside.clock, stale_after=stale)
        self._loop: Final = Loop(engine, FaustReader(self._app), watch, settings.pace, fail)
        self._performer: Performer | None = None
        if outside.perform is not None:
            sender = Sender(kafka, give_up=give_up)
            agent = Agent(outside.perform, sender, outside.clock, settings.tasks_at_once)
            self._performer = Performer(plan, engine, store, self._loop, agent, meters)

    def run(self) -> NoReturn:
        """Run until stopped, in a new event loop."""
        settle_memory()
        for noisy in ("faust", "mode", "aiokafka", "alembic"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        running = asyncio.new_event_loop()
        asyncio.set_event_loop(running)
        worker = _FaustWorker(self._app, loop=running, override_logging=False, quiet=True)
        running.run_until_complete(self._until_stopped(worker))
        self._store.close()
        self._sender.close()
        log.info("worker.stopped")
        end(Exit.STOPPED)

    async def _until_stopped(self, worker: _FaustWorker) -> None:
        self._app.holder.loop = self._loop
        tasks = [asyncio.create_task(self._loop.run())]
        if self._performer is not None:
            tasks.append(asyncio.create_task(self._performer.run()))
        faust_runs = worker.begin(self._settings.stop_within)
        await asyncio.wait({faust_runs, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done() and (bug := task.exception()) is not None:
                fail(Exit.BUG, place_of(bug))
        self._tell_crash(faust_runs, worker)
        await worker.ended()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._performer is not None:
            await self._performer.stop()
        await self._loop.stop()

    def _tell_crash(self, faust_runs: asyncio.Task[None], worker: _FaustWorker) -> None:
        """Tell an end that no signal asked for."""
        why = worker.crash_reason or self._app.crash_reason
        if why is None and faust_runs.done() and not faust_runs.cancelled():
            why = faust_runs.exception()
        if isinstance(why, KafkaError):
            fail(Exit.BROKER, type(why).__name__)
        if why is not None:
            fail(Exit.BUG, place_of(why))


class _FaustWorker(faust.Worker):
    """Faust's worker, which stops on a signal within a time, whatever hangs."""

    def begin(self, stop_within: float) -> asyncio.Task[None]:
        self._stop_within = stop_within
        self.spinner = None
        self._starting_fut = asyncio.ensure_future(self.start())
        return self._starting_fut

    async def ended(self) -> None:
        """Wait for the stop that a signal began."""
        if self._signal_stop_future is not None:
            await self._signal_stop_future

    def _install_signal_handlers_unix(self) -> None:
        # Not Faust's own: SIGUSR2 would open a debugger.
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self._stop_on, number)

    def _stop_on(self, number: signal.Signals) -> None:
        timer = threading.Timer(self._stop_within, end, (Exit.STOPPED,))
        timer.daemon = True
        timer.start()
        self._schedule_shutdown(number)
