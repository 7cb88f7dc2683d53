"""The declaration of delivery: the teams' topics, and dispatches for each subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge.delivery.decide import Delivery
from kinbridge.delivery.state import DeliveryState
from kinbridge.partnership.model import Partnership
from kinbridge.stage import Stage
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import ServiceArm

TEAM_TOPICS: Final[Mapping[ServiceArm, str]] = {
    "family-help": "alerts.family-help.{authority}",
    "macpt": "alerts.macpt.{authority}",
}


def declare(partnerships: Mapping[AuthorityCode, Partnership]) -> Stage[DeliveryState]:
    """Give the stage: state by family, under the policy of each authority."""
    delivery = Delivery(partnerships, TEAM_TOPICS, dispatches="dispatches")
    return Stage(
        name="delivery",
        reads=("alerts",),
        writes=(*TEAM_TOPICS.values(), "dispatches"),
        state=DeliveryState,
        fresh=DeliveryState,
        decide=delivery.decide,
    )
