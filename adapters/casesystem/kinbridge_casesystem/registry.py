"""Adapters of others: installed as packages of their own, and run only where they are named.

An installed package alone never gets a record. A name that nobody or two packages have, or
another version of the port, stops the start with a sentence. Their routes carry a prefix, so
that none can stand in for one of ours, and what they give is looked at before it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Protocol, cast

from kinbridge_casesystem.port import ADAPTER_NAME, source_authority
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Adapter, Given, Mapped, Routes
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

GROUP: Final = "kinbridge.adapters"
"""The group of the entry points: `acme-cases = "acme_cases:AcmeCases"`."""
PORT_VERSION: Final = 1
PREFIX: Final = "x-"

_NAME: Final = re.compile(ADAPTER_NAME)
_VERSION: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_REASON: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,11}")
_PATH: Final = re.compile(r"[A-Za-z0-9_.\[\]?$-]{0,200}")
_LIKE_A_NUMBER: Final = re.compile(r"\d{5}")


class AdapterError(Exception):
    """An adapter cannot be run as it is named. The text says why, and names no value."""


class AdapterBrokenError(Exception):
    """An adapter broke the rules of the port: a bug of its package, which stops the partition."""

    def __init__(self, route: str, rule: str) -> None:
        super().__init__(f"{route}: {rule}")
        self.route: Final = route
        self.rule: Final = rule


class Factory(Protocol):
    """What an entry point names: a class, or a function with an attribute `port_version`."""

    port_version: int

    def __call__(self) -> Adapter: ...


@dataclass(frozen=True, slots=True)
class Installed:
    """An adapter that some package brings. It is not loaded, and runs nothing."""

    name: str
    package: str
    release: str
    point: EntryPoint

    @property
    def route(self) -> str:
        return route_of(self.name)


def route_of(name: str) -> str:
    """Give the route of a third party's adapter."""
    return f"{PREFIX}{name}"


def installed(points: Iterable[EntryPoint] | None = None) -> tuple[Installed, ...]:
    """Give what is installed, by name. No code of theirs is run for it."""
    found = entry_points(group=GROUP) if points is None else points
    return tuple(
        sorted(
            (
                Installed(
                    point.name,
                    point.dist.name if point.dist else "?",
                    point.dist.version if point.dist else "?",
                    point,
                )
                for point in found
            ),
            key=lambda each: (each.name, each.package),
        )
    )


def third_party_routes(names: Sequence[str], points: Iterable[EntryPoint] | None = None) -> Routes:
    """Load the adapters that are named, by route. Raises AdapterError."""
    if len(set(names)) < len(names):
        raise AdapterError("An adapter is named twice.")
    found = installed(points) if names else ()
    return {route_of(name): load(name, found) for name in names}


def load(name: str, found: Iterable[Installed]) -> Adapter:
    """Load one adapter of those installed, guarded. Raises AdapterError."""
    if not _NAME.fullmatch(name):
        raise AdapterError("The name of an adapter is of small letters, digits and hyphens.")
    ours = [each for each in found if each.name == name]
    match ours:
        case []:
            raise AdapterError(f"No installed package brings the adapter {name}.")
        case [only]:
            return _guarded(only)
        case _:
            packages = ", ".join(each.package for each in ours)
            raise AdapterError(f"More than one package brings the adapter {name}: {packages}.")


def _guarded(found: Installed) -> Adapter:
    name = found.name
    try:
        target = found.point.load()
    except (ImportError, AttributeError) as problem:
        what = type(problem).__name__
        raise AdapterError(f"The adapter {name} cannot be loaded: {what}.") from problem
    return guarded(name, target)


def guarded(name: str, target: object) -> Adapter:
    """Make the adapter of a factory and guard it. Raises AdapterError."""
    port = getattr(target, "port_version", None)
    if type(port) is not int or not callable(target):
        raise AdapterError(f"The adapter {name} names no port_version, or cannot be called.")
    if port != PORT_VERSION:
        raise AdapterError(
            f"The adapter {name} is for version {port} of the port; this is {PORT_VERSION}."
        )
    adapter = cast("Factory", target)()
    version = getattr(adapter, "version", None)
    compares = getattr(adapter, "compares", None)
    if not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise AdapterError(f"The adapter {name} has no version of small letters and digits.")
    if not isinstance(compares, bool) or not callable(adapter):
        raise AdapterError(f"The adapter {name} does not say whether it compares.")
    return ThirdParty(route_of(name), version, compares, adapter)


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """The adapter of a third party as mapping runs it: nothing that breaks a rule goes on.

    Its events are of the feed that the record came by and of that feed's authority, and of no
    other; `version` carries the route, so that nothing it made passes for ours.
    """

    route: str
    own_version: str
    compares: bool
    adapter: Adapter

    @property
    def version(self) -> str:
        return f"{self.route}:{self.own_version}"

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one record. Raises UnreadableError, and AdapterBrokenError for a bug of theirs."""
        try:
            mapped = self.adapter(received, given)
        except UnreadableError as problem:
            self._hold(_REASON.fullmatch(problem.reason) is not None, "reason-is-no-code")
            path = problem.path if _safe(problem.path) else "?"
            raise UnreadableError(problem.reason, path) from None
        self._hold(type(mapped) is Mapped, "result-is-not-mapped")
        if not self.compares:
            self._hold(not (mapped.remember.facts or mapped.remember.marks), "remembers")
        for event in mapped.events:
            self._look_at(event, received)
        return mapped

    def _look_at(self, event: ChildEvent, received: Received) -> None:
        self._hold(type(event) is ChildEvent, "event-of-another-type")
        self._hold(event.source == received.source, "source-of-another-feed")
        self._hold(event.authority == source_authority(received.source), "authority-of-another")
        self._hold(all(each.child is None for each in event.subjects), "names-a-child-of-ours")

    def _hold(self, so: bool, rule: str) -> None:  # noqa: FBT001 - it is the claim itself
        if not so:
            raise AdapterBrokenError(self.route, rule)


def _safe(path: str) -> bool:
    return bool(_PATH.fullmatch(path)) and not _LIKE_A_NUMBER.search(path)
