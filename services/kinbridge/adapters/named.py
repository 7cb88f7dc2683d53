"""Which adapter a name on the command line means: a route of ours, or a package's adapter."""

from __future__ import annotations

from dataclasses import dataclass

from kinbridge.mapping.routes import routes_of
from kinbridge.sources.model import Sources
from kinbridge_casesystem.registry import AdapterError, installed, load, route_of
from kinbridge_schemas.mapped import Adapter


@dataclass(frozen=True, slots=True)
class Named:
    """An adapter, the route it reads, and the sources under which the line runs it."""

    adapter: Adapter
    route: str
    sources: Sources


def adapter_named(name: str, sources: Sources) -> Named:
    """Give the adapter of a route that is built in, or of an installed package.

    Raises AdapterError. Naming it here is naming it: the file of sources need not.
    """
    ours = routes_of(sources)
    if name in ours:
        return Named(ours[name], name, sources)
    adapter = load(name, installed())
    others = sources.adapters if name in sources.adapters else (*sources.adapters, name)
    return Named(adapter, route_of(name), sources.model_copy(update={"adapters": others}))


def known(sources: Sources) -> tuple[tuple[str, str, str], ...]:
    """Give each adapter there is: its name, whose it is, and whether it may run. Loads none."""
    ours = [(route, "built in", "runs") for route in sorted(routes_of(sources))]
    others = [
        (each.name, f"{each.package} {each.release}", _state(each.name, sources))
        for each in installed()
    ]
    there = {name for name, _, _ in others}
    lost = [(name, "-", "named, not installed") for name in sources.adapters if name not in there]
    return (*ours, *others, *lost)


def _state(name: str, sources: Sources) -> str:
    return "runs" if name in sources.adapters else "installed, not named"


__all__ = ["AdapterError", "Named", "adapter_named", "known"]
