"""FHIR R4 ServiceRequest: a referral, where its reason is a safeguarding concern.

Most referrals are care and nobody's concern: parked. That a referral was taken back (`revoked`,
`entered-in-error`, or a message with the reason `delete`) takes back what it said; a flag that
came with it is read by itself (flags.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir import safeguarding
from kinbridge_fhir.collection import codings
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.flags import concern
from kinbridge_fhir.nodes import Node, text
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended

_TOLD: Final = frozenset({"active", "on-hold", "completed"})
_TAKEN_BACK: Final = frozenset({"revoked", "entered-in-error"})


def referral(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    """Map one ServiceRequest: one fact."""
    fact = account.fact("servicerequest", resource)
    # `code` and `category` say what is asked for, and `reasonCode` why.
    reasons = list(codings(resource, "reasonCode"))
    status = text(resource, "status") or ""
    if not safeguarding.concerns(reasons):
        said_none = safeguarding.says_none(reasons)
        yield parked(fact, "no-safeguarding-concern" if said_none else "referral-not-used")
    elif safeguarding.says_none(reasons):
        yield parked(fact, "flag-codes-disagree")
    elif status not in _TOLD | _TAKEN_BACK or text(resource, "doNotPerform") == "true":
        yield parked(fact, "referral-not-made")
    else:
        yield concern(account, resource, fact, reasons, withdrawn=status in _TAKEN_BACK)
