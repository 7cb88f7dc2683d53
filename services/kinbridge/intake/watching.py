"""What a source's process shows to those who watch it: that it lives and works, and its counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


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
