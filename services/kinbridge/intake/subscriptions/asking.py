"""The questions to one server, step by step, and what each answer does to the watch.

What a server gives is made durable as it came before it counts as had. Nothing here decides
what is asked next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from kinbridge.intake.subscriptions import decide
from kinbridge.intake.subscriptions.agent import AwayError, FhirServer, Reply
from kinbridge.intake.subscriptions.watch import (
    AskChanged,
    AskEvents,
    AskStatus,
    Fetch,
    Find,
    Step,
    Subscribe,
    Told,
    Watch,
)
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_fhir.heard import Pointer, Standing
from kinbridge_fhir.notices import read_status
from kinbridge_fhir.notifications import delivered, needed
from kinbridge_fhir.references import about_a_number, local
from kinbridge_fhir.subscribing import (
    JSON_TYPE,
    Wish,
    asked_for,
    is_resource,
    joined,
    next_page,
    subscription,
)
from kinbridge_fhir.subscribing import standing as read_standing
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant

Outcome = Callable[[Watch, datetime], Told]
Keep = Callable[[bytes, str], Awaitable[None]]
"""Makes bytes durable. Raises AwayError."""

_NO_SUCH_OPERATION: Final = frozenset({400, 404, 405, 422, 501})
_GONE: Final = frozenset({404, 410})
_NOT_FOR_US: Final = frozenset({"status-401", "status-403"})
_MOST_FOUND: Final = 5
"""Pages of subscriptions: a server that cannot search by address gives all."""
_ANSWER_WITHIN: Final = 30
"""Seconds that a server waits for intake's answer to a notification."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One subscription's questions. `header` is what the server shows at our door."""

    config: FhirSubscription
    server: FhirServer
    endpoint: str
    header: Mapping[str, str]
    keep: Keep

    async def perform(self, step: Step, now: datetime) -> Outcome:
        """Do one step. Raises AwayError, and UnreadableError for an answer that is no FHIR."""
        match step:
            case Find():
                return await self._find(now)
            case Subscribe(own):
                return await self._subscribe(own, now)
            case AskStatus():
                return await self._status(step)
            case AskEvents():
                return await self._events(step)
            case AskChanged():
                return await self._changed(step)
            case Fetch(pointer):
                return await self._fetch(pointer)

    def _wish(self, now: datetime) -> Wish:
        config = self.config
        return Wish(
            version=config.version,
            topic=config.topic,
            filters=config.filters,
            payload=config.payload,
            endpoint=self.endpoint,
            header=self.header,
            heartbeat=int(config.heartbeat.total_seconds()),
            timeout=_ANSWER_WITHIN,
            max_count=config.max_count,
            end=now + config.lasts,
        )

    async def _find(self, now: datetime) -> Outcome:
        there = await self._look()
        other = there is not None and there.asked != asked_for(self._wish(now))
        return lambda watch, at: decide.found(watch, there, _ends(there), at, outdated=other)

    async def _look(self) -> Standing | None:
        query = [("url", self.endpoint), ("_count", str(self.config.page_size))]
        reply = _good(await self.server.get("Subscription", query))
        for _ in range(_MOST_FOUND):
            if (there := read_standing(reply.content, self.endpoint)) is not None:
                return there
            if (more := next_page(reply.content)) is None:
                break
            reply = _good(await self.server.page(more))
        return None

    async def _subscribe(self, own: str, now: datetime) -> Outcome:
        body = subscription(self._wish(now), own)
        if own:
            reply = await self.server.write("PUT", f"Subscription/{own}", body)
        else:
            reply = await self.server.write("POST", "Subscription", body)
        if own and reply.status in _GONE:
            return _gone
        given_back = reply.ok and reply.content.strip()
        there = (
            read_standing(_good(reply).content, self.endpoint)
            if given_back or not reply.ok
            else await self._look()
        )
        if there is None:
            raise AwayError("subscription-not-given-back")
        return lambda watch, at: decide.subscribed(watch, there, _ends(there), at)

    async def _status(self, step: AskStatus) -> Outcome:
        reply = await self.server.get(f"Subscription/{step.own}/$status")
        if reply.status in _NO_SUCH_OPERATION:
            # Either the operation or the subscription is not there.
            itself = await self.server.get(f"Subscription/{step.own}")
            return _gone if itself.status in _GONE else decide.no_status
        notice = read_status(_good(reply).content, reply.content_type)
        config = self.config
        return lambda watch, now: decide.told_status(watch, step, notice, config, now)

    async def _events(self, step: AskEvents) -> Outcome:
        numbers = [
            ("eventsSinceNumber", str(step.first)),
            ("eventsUntilNumber", str(step.last)),
        ]
        reply = await self.server.get(f"Subscription/{step.own}/$events", numbers)
        if reply.status in _NO_SUCH_OPERATION:
            return decide.no_events
        content, kind = _good(reply).content, reply.content_type
        told = delivered(content, kind)
        await self.keep(content, kind)
        return lambda watch, now: decide.told_events(watch, told, now)

    async def _changed(self, step: AskChanged) -> Outcome:
        config = self.config
        times = [f"ge{_instant(step.since)}"]
        times += [f"lt{_instant(step.until)}"] if step.until is not None else []
        for kind in config.resources:
            query = [
                *(("_lastUpdated", time) for time in times),
                ("_count", str(config.page_size)),
                ("_include", f"{kind}:patient"),
                *((name, value) for name, _, value in (c.partition("=") for c in config.search)),
            ]
            await self._pages(_good(await self.server.get(kind, query)))
        return lambda watch, now: decide.told_changed(watch, step, config, now)

    async def _pages(self, reply: Reply) -> None:
        for _ in range(self.config.pages):
            need = needed(reply.content, reply.content_type)
            if need.holds_facts:
                await self._with_what_belongs(reply, need.references)
            if (more := next_page(reply.content)) is None:
                return
            reply = _good(await self.server.page(more))
        raise AwayError(decide.TOO_MANY_PAGES)

    async def _fetch(self, pointer: Pointer) -> Outcome:
        place = local(pointer.reference, self.server.base)
        if place is None:
            return partial(_fetched, pointer, "reference-elsewhere")
        kind, own = place
        reply = None if pointer.removed else await self._one(kind, own)
        if reply is None or reply.status in _GONE:
            if about_a_number(own):
                return partial(_fetched, pointer, "identifier-in-reference")
            reply = await self.server.get(f"{kind}/{own}/_history", [("_count", "5")])
            if not reply.ok:
                return partial(_fetched, pointer, "deleted-without-history")
        need = needed(_good(reply).content, reply.content_type)
        await self._with_what_belongs(reply, need.references)
        return partial(_fetched, pointer, "")

    async def _one(self, kind: str, own: str) -> Reply:
        # What may be a person's number stands in no address.
        if about_a_number(own):
            return await self.server.search(kind, {"_id": own})
        return await self.server.get(f"{kind}/{own}")

    async def _part(self, kind: str, own: str) -> bytes | None:
        # What may not be read or is not there any more is left out: mapping says so.
        try:
            found = await self._one(kind, own)
        except AwayError as problem:
            if problem.reason in _NOT_FOR_US:
                return None
            raise
        return found.content if found.ok and is_resource(found.content) else None

    async def _with_what_belongs(self, reply: Reply, references: tuple[str, ...]) -> None:
        """Make an answer durable together with the patients and places it refers to."""
        parts, room = [reply.content], self.config.max_bytes - len(reply.content)
        for reference in references:
            if (place := local(reference, self.server.base)) is not None:
                found = await self._part(*place)
                # What does not fit is left out: one record must not be too large for Kafka.
                if found is not None and len(found) <= room:
                    parts.append(found)
                    room -= len(found)
        if len(parts) == 1:
            await self.keep(reply.content, reply.content_type)
        else:
            await self.keep(joined(parts), JSON_TYPE)


def _good(reply: Reply) -> Reply:
    if not reply.ok:
        raise AwayError(f"status-{reply.status}")
    if "json" not in reply.content_type.partition(";")[0].lower():
        raise AwayError("answer-not-json")
    return reply


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ends(there: Standing | None) -> datetime | None:
    try:
        return read_instant(there.end, "Subscription.end") if there and there.end else None
    except UnreadableError:
        return None  # how it stands is asked all the time: an end is not needed


def _gone(watch: Watch, now: datetime) -> Told:
    return decide.found(watch, None, None, now)


def _fetched(pointer: Pointer, refused: str, watch: Watch, _now: datetime) -> Told:
    return decide.fetched(watch, pointer, refused)
