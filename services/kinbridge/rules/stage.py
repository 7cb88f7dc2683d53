"""The stage rules: linked events in; concerns, questions and sharing decisions out."""

from __future__ import annotations

from collections.abc import Mapping

from kinbridge.partnership.model import Partnership
from kinbridge.rules.decide import Rules
from kinbridge.rules.state import ChildState
from kinbridge.stage import Stage
from kinbridge_schemas.identifiers import AuthorityCode, Pseudonymiser


def declare(
    partnerships: Mapping[AuthorityCode, Partnership], pseudonymiser: Pseudonymiser
) -> Stage[ChildState]:
    """The declaration of the stage, for the authorities that take part."""
    rules = Rules(
        partnerships,
        pseudonymiser,
        proposed="alerts-proposed",
        decisions="sharing-decisions",
        retrievals="retrievals",
    )
    return Stage(
        name="rules",
        reads=("linked-events",),
        writes=("alerts-proposed", "sharing-decisions", "retrievals"),
        state=ChildState,
        fresh=ChildState,
        decide=rules.decide,
        on_due=rules.on_due,
    )
