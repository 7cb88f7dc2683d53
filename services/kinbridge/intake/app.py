"""The HTTP of intake. Every dependency is an argument; `serving.serve` gives the real ones."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from kinbridge.intake import decide, description, meeting_pages
from kinbridge.intake.adapter_door import receive_records
from kinbridge.intake.agent import Clock, Durable
from kinbridge.intake.decide import Refused
from kinbridge.intake.door import KEY_HEADER, Doorway, Limits, json_only
from kinbridge.intake.eclipse.door import Notifiers, be_notified_by_eclipse
from kinbridge.intake.files.upload import Uploads
from kinbridge.intake.keys import Door, Keys
from kinbridge.intake.meetings import open_meetings
from kinbridge.intake.replies import refused
from kinbridge.intake.subscriptions.hooks import Hooks
from kinbridge.sources.model import Sources
from kinbridge_fhir.envelope import NOTIFICATIONS, media_type, message_id
from kinbridge_schemas.identifiers import Pseudonymiser

_NOT_FHIR: Final = Refused(
    415, "media-type-not-accepted", "Send application/fhir+json or application/fhir+xml."
)
# It only tells OpenAPI of the header: the doorway looks at it.
_KEY: Final = APIKeyHeader(name=KEY_HEADER, auto_error=False)
_SECRET: Final = HTTPBearer(auto_error=False)
_SHOWN: Final[dict[Door, tuple[HTTPBearer, ...]]] = {"subscriptions": (_SECRET,), "eclipse": ()}
_PREFIXES: Final[dict[str, Door]] = {"/nhs/": "nhs"}


def create_app(  # noqa: PLR0913 - every dependency, and each by its name
    *,
    keys: Keys,
    durable: Durable,
    pseudonymiser: Pseudonymiser,
    clock: Clock,
    limits: Limits | None = None,
    hooks: Hooks | None = None,
    sources: Sources | None = None,
    eclipses: Notifiers = (),
) -> FastAPI:
    """Make the app. `durable` is what a 202 promises; `clock` stamps what is received.

    `hooks` are the subscriptions, and `eclipses` the case systems, whose notifications come in
    here; `sources` tell how files are read, and which adapters of others run.
    """
    doorway = Doorway(keys, durable, pseudonymiser, clock, limits or Limits())
    app = FastAPI(
        title="Kinbridge intake",
        version="1",
        description=description.ABOUT,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    _receive(app, doorway)
    _take_files(app, Uploads(doorway, sources or Sources()))
    open_meetings(app, doorway, _of_meetings)
    _be_notified(app, doorway, hooks or Hooks())
    named = frozenset(sources.adapters if sources else ())
    receive_records(app, doorway, named, _documented("records"))
    be_notified_by_eclipse(app, doorway, eclipses, _documented("eclipse"))
    _watch(app, doorway)

    @app.exception_handler(HTTPException)
    async def no_such_door(request: Request, problem: HTTPException) -> Response:
        known = {404: "not-found", 405: "method-not-allowed"}
        reason = known.get(problem.status_code, "request-refused")
        found = Refused(problem.status_code, reason, "There is nothing here to do that.")
        door = next((d for p, d in _PREFIXES.items() if request.url.path.startswith(p)), None)
        return refused(found, door, problem.headers)

    return app


def _receive(app: FastAPI, doorway: Doorway) -> None:
    @app.post("/nhs/$process-message", **_documented("nhs"))
    async def process_message(request: Request) -> Response:
        kind = media_type(request.headers.get("content-type", ""))
        if kind is None:
            return await doorway.enter(request, "nhs", _NOT_FHIR)
        taken = partial(_nhs, content_type=kind)
        return await doorway.enter(request, "nhs", taken)

    @app.post("/cases/{system}/events", **_documented("events"))
    async def case_events(request: Request, system: str) -> Response:
        taken = json_only(request, decide.case_events)
        return await doorway.enter(request, "events", taken, system)

    @app.post("/cases/{system}/children", **_documented("children"))
    async def case_children(request: Request, system: str) -> Response:
        taken = json_only(request, decide.case_children)
        return await doorway.enter(request, "children", taken, system)

    @app.post("/alerts/{alert}/responses", **_documented("responses"))
    async def answer_alert(request: Request, alert: str) -> Response:
        taken = json_only(request, partial(_answer, alert=alert))
        return await doorway.enter(request, "responses", taken)


def _take_files(app: FastAPI, uploads: Uploads) -> None:
    @app.post("/cases/{system}/files/{kind}", **_documented("files"))
    async def case_files(request: Request, system: str, kind: str) -> Response:
        return await uploads.enter(request, system, kind)


def _be_notified(app: FastAPI, doorway: Doorway, hooks: Hooks) -> None:
    @app.post("/nhs/subscriptions/{name}", **_documented("subscriptions"))
    async def notified(request: Request, name: str) -> Response:
        shown = request.headers.get("authorization", "")
        address = request.client.host if request.client is not None else ""
        found = hooks.find(name, shown, address)
        if isinstance(found, Refused):
            return await doorway.admit(request, "subscriptions", found, found)
        kind = media_type(request.headers.get("content-type", ""), NOTIFICATIONS)
        taken = _NOT_FHIR if kind is None else partial(found.take, content_type=kind)
        return await doorway.admit(request, "subscriptions", taken, found.key)


def _nhs(content: bytes, entrance: decide.Entrance, *, content_type: str) -> decide.Decided:
    return decide.nhs_message(content, content_type, entrance, message_id)


def _answer(content: bytes, entrance: decide.Entrance, *, alert: str) -> decide.Decided:
    return decide.answer(content, alert, entrance)


def _watch(app: FastAPI, doorway: Doorway) -> None:
    @app.get("/health/live", tags=["watching"], summary="The process runs.")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready", tags=["watching"], summary="Records can be written.")
    async def ready() -> Response:
        if doorway.durable.ready:
            return Response('{"status":"ready"}', media_type="application/json")
        return refused(Refused(503, "not-ready", "Records cannot be written now."), None)

    @app.get("/metrics", tags=["watching"], summary="Counts, for Prometheus.")
    async def metrics() -> Response:
        return Response(generate_latest(doorway.meters.registry), media_type=CONTENT_TYPE_LATEST)


def _of_meetings(path: str) -> dict[str, Any]:
    return {**_documented("meetings"), **meeting_pages.page(path), "tags": ["meetings"]}


def _documented(door: Door) -> dict[str, Any]:
    return {
        "status_code": 200 if door == "subscriptions" else 202,
        "tags": ["receiving"],
        "summary": description.SUMMARIES[door],
        "description": description.DESCRIPTIONS[door],
        "responses": description.responses(door),
        "openapi_extra": description.request(door),
        "dependencies": [Security(scheme) for scheme in _SHOWN.get(door, (_KEY,))],
    }
