"""A source's process: it works until told to stop, and shows that it lives, works and counts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from kinbridge.intake.agent import BROKER_LOST, Durable
from kinbridge_schemas.base import Value


class Watching(Value):
    """Where metrics and readiness are served, and how long Kafka may take, in seconds."""

    port: int
    host: str = "127.0.0.1"
    within: float = 5.0


class Running(Protocol):
    """One source of a process. `failing` is why it does not work now, as a code; none: empty."""

    @property
    def source(self) -> str: ...

    @property
    def failing(self) -> str: ...

    async def run(self) -> None: ...


def watch_app(registry: CollectorRegistry, failing: Callable[[], Sequence[str]]) -> FastAPI:
    """Make the app. `failing` names what does not work now, by codes; none: all is well."""
    app = FastAPI(title="Kinbridge source", version="1", docs_url=None, redoc_url=None)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> Response:
        found = list(failing())
        if found:
            return JSONResponse({"status": "failing", "failing": found}, 503)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


class Watch(uvicorn.Server):
    """Serves the app until `should_exit`. Signals are left to the process that it is part of."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def on_signal(stop: Callable[[], object]) -> None:
    """Call `stop` when the process is told to end, by SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def exit_code(durable: Durable) -> int:
    """Say how a process ended that ended in order: told to, or because Kafka's client is lost."""
    return 0 if durable.ready else BROKER_LOST


async def rest(stopping: asyncio.Event, seconds: float) -> None:
    """Wait for so long, or until told to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


async def run_watched(
    work: Coroutine[object, object, int],
    durable: Durable,
    watching: Watching,
    registry: CollectorRegistry,
    failing: Callable[[], Sequence[str]],
) -> int:
    """Do the work, which gives the exit code, with a watch beside it."""

    def all_failing() -> list[str]:
        return [*failing(), *([] if durable.ready else ["kafka"])]

    watch = Watch(watch_app(registry, all_failing), watching.host, watching.port)
    async with asyncio.TaskGroup() as beside:
        beside.create_task(watch.serve())
        code = await work
        watch.should_exit = True
    return code


async def run_each(
    sources: Sequence[Running], durable: Durable, watching: Watching, registry: CollectorRegistry
) -> int:
    """Run sources side by side with a watch beside them. Gives the exit code."""

    async def work() -> int:
        async with asyncio.TaskGroup() as tasks:
            for each in sources:
                tasks.create_task(each.run())
        return exit_code(durable)

    def failing() -> list[str]:
        return [f"{each.source}:{each.failing}" for each in sources if each.failing]

    return await run_watched(work(), durable, watching, registry, failing)
