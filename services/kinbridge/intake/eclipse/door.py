"""The door of Eclipse. It can show no key of ours: its signature is what opens.

Who knocks is looked at before Eclipse is asked, so that not everybody can have it asked. A
notification is stored only once Eclipse has said that it is its own; until it can be asked,
the door says to come again, and Eclipse keeps what it could not deliver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from kinbridge.intake.decide import Decided, Entrance, Refused
from kinbridge.intake.door import Doorway
from kinbridge.intake.eclipse.agent import EclipseApi, NotAskedError, Setting, Signatures
from kinbridge.intake.eclipse.decide import Delivery, body_of, delivery_of, record
from kinbridge.intake.keys import Door, SourceKey
from kinbridge.intake.senders import is_from
from kinbridge.intake.source_meters import SourceMeters
from kinbridge.sources.eclipse import EclipseSystem

_DOOR: Final[Door] = "eclipse"
_STORED: Final = 202
_MOST: Final = 32
"""Deliveries of one system at one time: a slow Eclipse keeps nobody else from the doors."""
_UNKNOWN: Final = Refused(404, "system-unknown", "There is no such Eclipse.", "system")
_NOT_FROM_THERE: Final = Refused(403, "sender-not-allowed", "No notification is taken from there.")
_WRONG: Final = Refused(401, "signature-wrong", "Eclipse says that the signature is not its own.")
_BUSY: Final = Refused(429, "too-busy", "Too much is being received. Send it again shortly.")
_LATER: Final = "Eclipse could not be asked about the signature. Send it again."


@dataclass(frozen=True, slots=True)
class Notifier:
    """One Eclipse as it notifies, and who tells its signatures."""

    config: EclipseSystem
    signatures: Signatures

    @property
    def key(self) -> SourceKey:
        """The sender as all doors know one. No key is this one's: it is on no ring."""
        authority, _, system = self.config.source.partition(".")
        return SourceKey(
            name=self.config.name.replace("_", "-"),
            sha256="0" * 64,
            source=system,
            doors=frozenset({_DOOR}),
            authority=authority,
        )

    async def take(self, content: bytes, entrance: Entrance, *, delivery: Delivery) -> Decided:
        """Decide about a delivery, with Eclipse's word for it."""
        body = body_of(content)
        if isinstance(body, Refused):
            return body
        try:
            genuine = await self.signatures.are_genuine(delivery, body)
        except NotAskedError as problem:
            return Refused(503, problem.reason, _LATER)
        return record(body, delivery, entrance) if genuine else _WRONG


Notifiers = tuple[Notifier, ...]


def make_notifiers(
    systems: Sequence[EclipseSystem], setting: Setting, clock: Callable[[], Any]
) -> Notifiers:
    """Make those of the file of sources. Raises SourcesError for an address of no use."""
    return tuple(Notifier(each, EclipseApi(each, setting, clock)) for each in systems)


@dataclass(slots=True)
class EclipseDoor:
    """All systems that notify, and when each last did."""

    doorway: Doorway
    notifiers: Notifiers
    meters: SourceMeters = field(init=False)
    heard: dict[str, float] = field(default_factory=dict)
    inside: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.meters = SourceMeters(self.doorway.meters.registry)
        began = self.doorway.clock().timestamp()
        for each in self.notifiers:
            name, within = each.config.name, each.config.expect_within.total_seconds()
            self.meters.received.labels(name)  # nought until something comes
            self.meters.expected.labels(name).set(within)
            quiet = partial(self._is_silent, name, began, within)
            self.meters.silent.labels(name).set_function(quiet)

    def _is_silent(self, name: str, began: float, within: float) -> float:
        since = self.heard.get(name, began)
        return float(self.doorway.clock().timestamp() - since > within)

    async def enter(self, request: Request, system: str) -> Response:
        """Take one delivery in, or say why not. Answers 202 only when it is durable."""
        notifier = next((n for n in self.notifiers if n.config.name == system), None)
        if notifier is None:
            return self.doorway.refuse(_DOOR, _UNKNOWN)
        address = request.client.host if request.client is not None else ""
        if not is_from(address, notifier.config.senders):
            return self.doorway.refuse(_DOOR, _NOT_FROM_THERE)
        delivery = delivery_of(request.headers, notifier.config.groups)
        if isinstance(delivery, Refused):
            return self.doorway.refuse(_DOOR, delivery)
        if self.inside[system] >= _MOST:
            return self.doorway.refuse(_DOOR, _BUSY, retry=True)
        self.inside[system] += 1
        try:
            return await self._take(request, notifier, delivery)
        finally:
            self.inside[system] -= 1

    async def _take(self, request: Request, notifier: Notifier, delivery: Delivery) -> Response:
        system, taken = notifier.config.name, partial(notifier.take, delivery=delivery)
        answer = await self.doorway.admit(request, _DOOR, taken, notifier.key)
        if answer.status_code == _STORED:
            now = self.heard[system] = self.doorway.clock().timestamp()
            self.meters.received.labels(system).set(now)
        return answer


def be_notified_by_eclipse(
    app: FastAPI, doorway: Doorway, notifiers: Notifiers, documented: dict[str, Any]
) -> None:
    """Open the door."""
    door = EclipseDoor(doorway, notifiers)

    @app.post("/cases/{system}/eclipse", **documented)
    async def eclipse_notified(request: Request, system: str) -> Response:
        return await door.enter(request, system)
