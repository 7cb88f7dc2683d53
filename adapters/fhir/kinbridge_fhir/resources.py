"""Which resource is mapped by what: one table for messages, notifications and searches alike.

A new kind of resource is one line in `MAPPINGS`. However a resource came, it gives the same
facts with the same ids and versions, so that its copies on other ways are told as repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from kinbridge_fhir.appointments import appointment
from kinbridge_fhir.cpis import care_plan, care_team
from kinbridge_fhir.encounters import encounter
from kinbridge_fhir.episodes_of_care import episode
from kinbridge_fhir.facts import Account, modified, parked
from kinbridge_fhir.flags import flag
from kinbridge_fhir.nodes import Node
from kinbridge_fhir.referrals import referral
from kinbridge_fhir.related_persons import related_person
from kinbridge_schemas.base import Code
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError

ResourceMapping = Callable[[Account, Node], Iterable[ChildEvent | Ended]]

MAPPINGS: Final[Mapping[str, ResourceMapping]] = MappingProxyType(
    {
        "Appointment": lambda account, resource: (appointment(account, resource),),
        "CarePlan": care_plan,
        "CareTeam": care_team,
        "Encounter": encounter,
        "EpisodeOfCare": episode,
        "Flag": flag,
        "RelatedPerson": related_person,
        "ServiceRequest": referral,
    }
)

# What is known to be able to carry a fact. All else is there to explain these: patients,
# organisations, places, staff, observations, consent.
COULD_BE_FACTS: Final = frozenset(
    {
        *("Appointment", "Encounter", "Flag", "Immunization", "ServiceRequest", "ReferralRequest"),
        *("Communication", "Task", "CarePlan", "Procedure", "Condition", "Composition"),
    }
)

_NONE: Final[Mapping[str, Code]] = MappingProxyType({})


def facts_of(
    account: Account,
    resources: Iterable[Node],
    *,
    about: Iterable[Node] = (),
    unused: Mapping[str, Code] = _NONE,
) -> list[ChildEvent | Ended]:
    """Give the facts of resources, each with its end. An empty list says there are none.

    `about` are those that have an end even where nothing is known of their kind. `unused`
    gives a reason for each kind that means no fact the way it came. Raises UnreadableError
    where something could not be read and nothing else was mapped: then the bytes are kept.
    """
    always = {id(resource) for resource in about}
    found: list[ChildEvent | Ended] = []
    problems: list[UnreadableError] = []
    for resource in resources:
        if (reason := unused.get(resource.kind)) is not None:
            found.append(parked(account.fact(word(resource.kind), resource), reason))
            continue
        try:
            found.extend(list(_one(account, resource, always=id(resource) in always)))
        except UnreadableError as problem:
            # One unreadable resource does not lose the others that came with it.
            fact = account.fact(word(resource.kind), resource)
            found.append(parked(fact, problem.reason, "parked-unreadable"))
            problems.append(problem)
    if problems and not any(isinstance(item, ChildEvent) for item in found):
        raise problems[0]
    return found


def _one(account: Account, resource: Node, *, always: bool) -> Iterator[ChildEvent | Ended]:
    mapping = MAPPINGS.get(resource.kind)
    if mapping is not None and modified(resource):
        yield parked(account.fact(word(resource.kind), resource), "modifier-unknown")
    elif mapping is not None:
        yield from mapping(account, resource)
    elif always or resource.kind in COULD_BE_FACTS:
        yield parked(account.fact(word(resource.kind), resource), "resource-not-used")


def word(kind: str) -> str:
    """Give the word that a type of resource has in our ids. An unlisted one stays nameless."""
    known = kind in MAPPINGS or kind in COULD_BE_FACTS
    return kind.lower() if known else "resource"
