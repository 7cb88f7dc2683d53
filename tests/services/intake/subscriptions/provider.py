"""A trust's FHIR server on loopback: it keeps resources and subscriptions, and notifies.

It reads each Subscription as its version says, by the published model, and refuses what that
does not allow. What a test wants it to do badly is a field: what it lacks, loses or refuses.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final, cast
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI, Request, Response
from fhir.resources.R4B.subscription import Subscription as R4Subscription
from fhir.resources.subscription import Subscription as R5Subscription
from pydantic import ValidationError

from kinbridge.sources.subscriptions import FhirVersion, Payload
from tests.services.intake.subscriptions.notified import (
    Account,
    Event,
    Resource,
    history,
    notification,
    searchset,
    status,
)

TOKEN: Final = "a token of tests"  # noqa: S105 - and of tests only
FHIR_JSON: Final = "application/fhir+json"
BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
_OK: Final = 300


@dataclass(slots=True)
class Held:
    """One subscription as the server has it. `agreed`: whether a handshake is still to be made."""

    resource: Resource
    version: FhirVersion
    agreed: bool = False
    happened: list[Event] = field(default_factory=list)

    @property
    def own(self) -> str:
        return str(self.resource["id"])

    @property
    def status(self) -> str:
        return str(self.resource["status"])

    @property
    def endpoint(self) -> str:
        return str(self.resource.get("endpoint") or self.resource["channel"]["endpoint"])

    @property
    def headers(self) -> dict[str, str]:
        if self.version == "5.0":
            return {p["name"]: p["value"] for p in self.resource["parameter"]}
        lines = self.resource["channel"]["header"]
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def payload(self) -> Payload:
        if self.version == "5.0":
            return cast("Payload", self.resource["content"])
        (said,) = self.resource["channel"]["_payload"]["extension"]
        assert said["url"] == BACKPORT + "payload-content"
        return cast("Payload", said["valueCode"])

    @property
    def topic(self) -> str:
        return str(self.resource.get("topic") or self.resource["criteria"])


@dataclass(frozen=True, slots=True)
class Sending:
    """A notification that is made and not sent yet: it can be lost, sent twice, or late."""

    held: Held
    body: Resource


@dataclass(slots=True)
class Provider:
    """The server. `lacks` are operations that it answers with a status; `fails` fails all.

    `asked` is every request as it came, as `GET Appointment/a1`. `with_patient`: whether a full
    payload carries whom it is about. A request whose path begins with `stuck` waits for `go`.
    """

    version: FhirVersion
    clock: Callable[[], datetime]
    client: httpx.AsyncClient
    base: str = ""
    kept: dict[str, list[Resource | None]] = field(default_factory=dict)
    times: dict[str, list[datetime]] = field(default_factory=dict)
    subscriptions: dict[str, Held] = field(default_factory=dict)
    lacks: dict[str, int] = field(default_factory=dict)
    fails: int = 0
    breaks_after: str = ""
    with_patient: bool = True
    restates: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    page: int = 50
    stuck: str = ""
    go: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    asked: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _pages: dict[str, list[Resource]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    # What happens at the trust.

    def put(self, resource: Resource) -> str:
        """Keep a new version of a resource. Gives its place."""
        place = f"{resource['resourceType']}/{resource['id']}"
        versions = self.kept.setdefault(place, [])
        meta = {"versionId": str(len(versions) + 1), "lastUpdated": self.clock().isoformat()}
        versions.append({**deepcopy(resource), "meta": meta})
        self.times.setdefault(place, []).append(self.clock())
        return place

    def delete(self, place: str) -> str:
        self.kept[place].append(None)
        self.times[place].append(self.clock())
        return place

    @property
    def only(self) -> Held:
        (held,) = self.subscriptions.values()
        return held

    def event(self, *places: str) -> Sending:
        """Count events about resources, and make the one notification of them."""
        held = self.only
        for place in places:
            removed = self.kept[place][-1] is None
            number = len(held.happened) + 1
            held.happened.append(Event(number, place, self.clock(), removed))
        events = held.happened[-len(places) :]
        return Sending(held, self._notification(held, "event-notification", events))

    async def happen(self, resource: Resource) -> int:
        """Keep a resource and notify of it. Gives the receiver's answer."""
        return await self.send(self.event(self.put(resource)))

    # What the server sends.

    async def send(self, sending: Sending) -> int:
        """Notify. A receiver that does not take it puts the subscription in error."""
        held = sending.held
        kind = {"content-type": f"{FHIR_JSON}; fhirVersion={self.version}"}
        answer = await self.client.post(
            held.endpoint, content=json.dumps(sending.body), headers=kind | held.headers
        )
        self.answers.append(answer.status_code)
        if answer.status_code >= _OK:
            held.resource["status"] = "error"
        return answer.status_code

    async def shake_hands(self) -> None:
        """Make every handshake that is due."""
        for held in self.subscriptions.values():
            if held.agreed or held.status != "requested":
                continue
            held.agreed = True
            if await self.send(Sending(held, self._notification(held, "handshake"))) < _OK:
                held.resource["status"] = "active"

    async def beat(self) -> int:
        held = self.only
        return await self.send(Sending(held, self._notification(held, "heartbeat")))

    def _notification(self, held: Held, kind: str, events: Sequence[Event] = ()) -> Resource:
        carried: list[Resource] = []
        for event in events:
            newest = self.kept[event.focus][-1]
            if newest is not None:
                carried += [newest, *(self._patients(newest) if self.with_patient else ())]
        different = {json.dumps(each): each for each in carried}
        return notification(
            self.account(held), kind, events, payload=held.payload, carried=different.values()
        )

    def account(self, held: Held) -> Account:
        return Account(
            self.version,
            self.base,
            held.own,
            held.topic,
            held.status,
            len(held.happened),
            self.clock(),
        )

    def _patients(self, resource: Resource) -> list[Resource]:
        actors = [p["actor"]["reference"] for p in resource.get("participant", ())]
        found = [self.kept[each][-1] for each in actors if each in self.kept]
        return [each for each in found if each is not None]

    # What the server answers.

    async def until(self, part: str, times: int = 1) -> None:
        """Wait until requests with a text in them have been answered."""
        async with self.news:
            await self.news.wait_for(lambda: sum(part in a for a in self.asked) >= times)

    async def answer(self, request: Request, path: str) -> Response:
        """Give the answer to one request, below the base address."""
        found = await self._answer(request, path)
        found.headers.update(self.headers)
        async with self.news:
            self.news.notify_all()
        return found

    async def _answer(self, request: Request, path: str) -> Response:
        query = str(request.url.query)
        self.asked.append(f"{request.method} {path}{'?' + query if query else ''}")
        if self.stuck and path.startswith(self.stuck):
            await self.go.wait()
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _outcome(401)
        if self.fails:
            return _outcome(self.fails)
        lacked = next((code for part, code in self.lacks.items() if part in path), None)
        if lacked is not None:
            return _outcome(lacked)
        body = await request.body()
        found = self._found(request.method, path.split("/"), parse_qs(query), body)
        if self.breaks_after and f"{request.method} {path}".startswith(self.breaks_after):
            self.breaks_after = ""
            return _outcome(500)
        return found

    def _found(
        self, method: str, steps: list[str], query: dict[str, list[str]], body: bytes
    ) -> Response:
        match method, steps:
            case "GET", ["page", token]:
                return self._paged(self._pages.pop(token))
            case _, ["Subscription", *more]:
                return self._subscription(method, more, query, body)
            case "POST", [kind, "_search"]:
                (own,) = parse_qs(body.decode())["_id"]
                return self._paged(self._newest(f"{kind}/{own}"))
            case "GET", [kind]:
                return self._paged(self._changed(kind, query))
            case "GET", [kind, own]:
                return self._one(f"{kind}/{own}")
            case "GET", [kind, own, "_history"]:
                place = f"{kind}/{own}"
                if place not in self.kept:
                    return _outcome(404)
                return _json(history(self.kept[place], place, self.times[place]))
            case _:
                return _outcome(404)

    def _newest(self, place: str) -> list[Resource]:
        newest = self.kept.get(place, [None])[-1]
        return [] if newest is None else [newest]

    def _one(self, place: str) -> Response:
        if place not in self.kept:
            return _outcome(404)
        found = self._newest(place)
        return _json(found[0]) if found else _outcome(410)

    def _changed(self, kind: str, query: dict[str, list[str]]) -> list[Resource]:
        found: list[Resource] = []
        for place in self.kept:
            for resource in self._newest(place) if place.startswith(f"{kind}/") else ():
                if all(_within(resource, bound) for bound in query.get("_lastUpdated", ())):
                    found += [resource, *self._patients(resource)]
        return found

    def _paged(self, resources: list[Resource]) -> Response:
        more = None
        if len(resources) > self.page:
            token = f"p{next(self._numbers)}"
            self._pages[token] = resources[self.page :]
            more = f"{self.base}/page/{token}"
        return _json(searchset(resources[: self.page], self.base, more))

    def _subscription(
        self, method: str, steps: list[str], query: dict[str, list[str]], body: bytes
    ) -> Response:
        match method, steps:
            case "GET", []:
                url = query.get("url", [""])[0]
                found = [h.resource for h in self.subscriptions.values() if h.endpoint == url]
                return _json(searchset(found, self.base))
            case "POST", []:
                return self._take(f"s{next(self._numbers)}", body, 201)
            case _, [own, *_] if own not in self.subscriptions:
                return _outcome(404)
            case "PUT", [own]:
                return self._take(own, body, 200)
            case "GET", [own]:
                return _json(self.subscriptions[own].resource)
            case "GET", [own, "$status"]:
                held = self.subscriptions[own]
                said = status(self.account(held), "query-status", (), named=False)
                return _json(searchset([said], self.base))
            case "GET", [own, "$events"]:
                held = self.subscriptions[own]
                first, last = (
                    int(query[name][0]) for name in ("eventsSinceNumber", "eventsUntilNumber")
                )
                return _json(
                    self._notification(held, "query-event", held.happened[first - 1 : last])
                )
            case _:
                return _outcome(404)

    def _take(self, own: str, body: bytes, code: int) -> Response:
        model: Any = R5Subscription if self.version == "5.0" else R4Subscription
        try:
            model.model_validate_json(body)
        except ValidationError:
            return _outcome(422)
        resource = {**json.loads(body), "id": own}
        before = self.subscriptions.get(own)
        happened = before.happened if before is not None else []
        self.subscriptions[own] = Held(resource, self.version, happened=happened)
        return _json(resource, code) if self.restates else Response(status_code=code)


def _within(resource: Resource, bound: str) -> bool:
    at = datetime.fromisoformat(resource["meta"]["lastUpdated"])
    limit = datetime.fromisoformat(bound[2:])
    return at >= limit if bound.startswith("ge") else at < limit


def _json(body: Resource, code: int = 200) -> Response:
    return Response(json.dumps(body), code, media_type=FHIR_JSON)


def _outcome(code: int) -> Response:
    issue = {"severity": "error", "code": "processing", "diagnostics": "Rosa Example 9000000009"}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, code)


def app_of(provider: Provider, under: str) -> FastAPI:
    """Give the server's HTTP, below a path."""
    app = FastAPI(openapi_url=None)

    @app.api_route(f"{under}/{{path:path}}", methods=["GET", "POST", "PUT"])
    async def anything(request: Request, path: str) -> Response:
        return await provider.answer(request, path)

    return app
