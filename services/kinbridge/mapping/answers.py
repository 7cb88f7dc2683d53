"""What people answer, as far as it is a fact: health input and verified facts.

Acknowledging, snoozing, feedback and closing are about the alert and not about the child: they
are consolidation's, and have no end here.
"""

from __future__ import annotations

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.events.knowledge import HealthFactVerified, HealthResponseSupplied
from kinbridge_schemas.identifiers import ChildRef, Pseudonymiser
from kinbridge_schemas.responses import Response, SupplyHealthInput, VerifyFact
from kinbridge_schemas.vocabulary import Occurred, Role, Version

SOURCE = "responses"


def events_of(response: Response, pseudonymiser: Pseudonymiser) -> tuple[ChildEvent, ...]:
    """Give the event of an answer, or none."""
    match response.said:
        case SupplyHealthInput() as said:
            supplied = HealthResponseSupplied(
                request_id=said.request_id, role=response.role, status=said.status
            )
            occurred = Occurred(at=response.at)
            return (_event(response, said.child, occurred, supplied, pseudonymiser),)
        case VerifyFact() as said:
            verified = HealthFactVerified(
                fact=said.fact,
                corrects=said.corrects,
                verified_by=response.by,
                role=response.role,
                how=said.how,
                as_of=said.as_of,
                provider=said.provider,
                last_attended=said.last_attended,
            )
            occurred = Occurred(at=said.as_of)
            return (_event(response, said.child, occurred, verified, pseudonymiser),)
        case _:
            return ()


def _event(
    response: Response,
    child: ChildRef,
    occurred: Occurred,
    detail: Detail,
    pseudonymiser: Pseudonymiser,
) -> ChildEvent:
    fact, version = derive_id("fact", "response", response.id), Version(updated=response.at)
    key = pseudonymiser.of_source_record("child", child)
    return ChildEvent(
        id=event_id(fact, version, "assert"),
        fact=fact,
        version=version,
        occurred=occurred,
        observed=response.at,
        source=SOURCE,
        authority=response.authority,
        subjects=(Subject(role=Role.CHILD, key=key, child=child),),
        detail=detail,
    )
