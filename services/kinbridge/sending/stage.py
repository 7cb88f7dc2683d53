"""The declaration of sending: dispatches and outcomes in, the delivery log out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.sending.decide import Sending
from kinbridge.sending.state import Errand, Queue
from kinbridge.stage import Stage
from kinbridge_schemas.identifiers import AuthorityCode

ATTEMPTS: Final = "attempts"


def declare(partnerships: Mapping[AuthorityCode, Partnership]) -> Stage[Queue]:
    """Give the stage: state by subscription. Its agent performs each errand."""
    subscriptions = {s.name: s for p in partnerships.values() for s in p.subscriptions}
    sending = Sending(subscriptions, deliveries="deliveries")
    return Stage(
        name="sending",
        reads=("dispatches", ATTEMPTS),
        writes=("deliveries", ATTEMPTS),
        state=Queue,
        fresh=Queue,
        decide=sending.decide,
        on_due=sending.on_due,
        task=Errand,
    )
