"""The declaration of consolidation: what it reads and writes, and by which key."""

from __future__ import annotations

from collections.abc import Mapping

from kinbridge.consolidation.decide import Consolidation
from kinbridge.consolidation.state import FamilyState
from kinbridge.consolidation.terms import terms_of
from kinbridge.partnership.model import Partnership
from kinbridge.stage import Stage
from kinbridge_schemas.identifiers import AuthorityCode


def declare(partnerships: Mapping[AuthorityCode, Partnership]) -> Stage[FamilyState]:
    """Give the stage: state by family, under the policy of each authority."""
    consolidation = Consolidation(terms_of(partnerships), alerts="alerts", moved="alerts-moved")
    return Stage(
        name="consolidation",
        reads=("alerts-proposed", "alerts-moved", "responses"),
        writes=("alerts", "alerts-moved"),
        state=FamilyState,
        fresh=FamilyState,
        decide=consolidation.decide,
        on_due=consolidation.on_due,
    )
