"""FHIR R4 Flag: a safeguarding concern, or that CP-IS knows of a plan. Other flags are parked.

Of a concern only that it is there and, of a child, its code: never a text, and of an adult not
even the code, which may itself say what they are treated for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir import safeguarding
from kinbridge_fhir.appointments import patient_of, under_age
from kinbridge_fhir.collection import Coding, Collection, coding, codings
from kinbridge_fhir.cpis import is_cpis, plan_of_flag
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.message import Message
from kinbridge_fhir.nodes import Node, text
from kinbridge_fhir.persons import provider_of, restricted, sender
from kinbridge_fhir.systems import BARS_EVENT
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import SafeguardingConcernRaised
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Provider, Role

_REQUEST: Final = (BARS_EVENT, "servicerequest-request")
_TAKEN_BACK: Final = frozenset({"revoked", "entered-in-error"})


def flag(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    """Map one Flag: one fact."""
    if is_cpis(resource):
        yield plan_of_flag(account, resource)
        return
    fact = account.fact("flag", resource)
    categories = _categories(resource)
    if not categories & safeguarding.CATEGORIES:
        yield parked(fact, "flag-not-safeguarding")
        return
    codes = list(codings(resource, "code"))
    status = text(resource, "status")
    withdrawn = status == "entered-in-error" or _referral_taken_back(account)
    reason = None if withdrawn else _not_told(categories, codes, status)
    if reason is not None:
        yield parked(fact, reason)
        return
    yield concern(account, resource, fact, codes, withdrawn=withdrawn)


def concern(
    account: Account, resource: Node, fact: Id, codes: list[Coding], *, withdrawn: bool
) -> ChildEvent | Ended:
    """Give a safeguarding concern about the resource's patient, raised or taken back."""
    who = patient_of(account, resource)
    if who is None:
        return parked(fact, "subject-missing")
    patient, named = who
    if patient.number is None:
        return parked(fact, "no-usable-identifier")
    message = account.message
    version = message.version_of(resource, account.now)
    occurred = _when(resource) or account.unknown_time(version)
    known = safeguarding.concerns(codes)
    child = under_age(patient, version.updated)
    author = provider_of(message, resource, "author") or sender(message)
    detail = SafeguardingConcernRaised(
        code=next((code for code in known if child or code in safeguarding.OF_A_CHILD), None),
        provider=Provider() if restricted(named) else author,
    )
    return account.event(
        fact,
        version,
        "retract" if withdrawn or message.deletes else "assert",
        occurred,
        (account.subject(_role(known, child=child), patient, named),),
        detail,
    )


def _categories(resource: Node) -> set[tuple[str, str]]:
    tags = (coding(tag) for meta in resource.all("meta") for tag in meta.all("tag"))
    marks = [*codings(resource, "category"), *(tag for tag in tags if tag is not None)]
    return {mark.pair for mark in marks}


def _not_told(
    categories: set[tuple[str, str]], codes: list[Coding], status: str | None
) -> Code | None:
    known, none = safeguarding.concerns(codes), safeguarding.says_none(codes)
    if known and none:
        return "flag-codes-disagree"
    if none:
        return "no-safeguarding-concern"
    # A code that nobody listed is no guess under the category that is a concern by itself; but
    # what it adds is not known, so that a person looks at it.
    if not known and (codes or safeguarding.CERTAIN not in categories):
        return "flag-code-unknown"
    if status == "inactive":
        # What was raised was raised: that it is shown no more takes nothing back.
        return "flag-inactive"
    return None if status == "active" else "flag-status-unknown"


def _referral_taken_back(account: Account) -> bool:
    """Whether it came with a request that is taken back, and so with what that request said.

    A response tells of a revoked request too, of somebody who did not come: that is no reason
    to take its concern back.
    """
    return account.message.once(_request_taken_back)


def _request_taken_back(message: Collection) -> bool:
    if not isinstance(message, Message) or message.event is None:
        return False
    requests = message.of_kind("ServiceRequest") if message.event.pair == _REQUEST else ()
    return any(text(request, "status") in _TAKEN_BACK for request in requests)


def _when(resource: Node) -> Occurred | None:
    said = text(resource, "period", "start")
    path = f"{resource.kind}.period.start"
    if said is None:
        said, path = text(resource, "authoredOn"), f"{resource.kind}.authoredOn"
    return read_time(said, path) if said is not None else None


def _role(known: list[str], *, child: bool) -> Role:
    if safeguarding.UNBORN in known:
        return Role.MOTHER
    return Role.CHILD if child else Role.UNKNOWN
