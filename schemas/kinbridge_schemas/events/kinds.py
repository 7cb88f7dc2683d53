"""Every kind of event, by name: the union is made from these and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import (
    care,
    contact,
    knowledge,
    maternity,
    persons,
    protection,
)

_MODULES: Final = (contact, protection, persons, maternity, care, knowledge)


def _kinds(module: ModuleType) -> dict[str, type[Value]]:
    return {
        kind.model_fields["kind"].default: kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Value)
        and "kind" in kind.model_fields
        and kind.__module__ == module.__name__
    }


KINDS: Final[Mapping[str, type[Value]]] = {
    name: kind for module in _MODULES for name, kind in _kinds(module).items()
}
