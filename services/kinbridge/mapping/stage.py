"""The declaration of mapping."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kinbridge.mapping.decide import STAGE, Mapping, Topics
from kinbridge.mapping.routes import ROUTES
from kinbridge.mapping.state import MappingState
from kinbridge.stage import Stage
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Routes

KEEP: Final = timedelta(days=30)
"""How long a repeat is told from a conflict: as long as a received record is retained."""


def declare(
    *, pseudonymiser: Pseudonymiser, routes: Routes = ROUTES, keep: timedelta = KEEP
) -> Stage[MappingState]:
    """Declare the stage. `routes` are the adapters by route; `keep` is how long hashes stay."""
    topics = Topics(events="child-events", dispositions="dispositions")
    mapping = Mapping(routes, pseudonymiser, keep, topics)
    return Stage(
        name=STAGE,
        reads=("received.nhs", "received.cases", "received.retrieved", "responses"),
        writes=("child-events", "dispositions"),
        state=MappingState,
        fresh=MappingState,
        decide=mapping.decide,
        on_due=mapping.on_due,
    )
