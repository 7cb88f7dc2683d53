"""The NEMS birth notification: from the message to the baby, by way of the mother.

The demographics in the header are the mother's, so the header is not asked who the baby is.
The path is: focus Communication, its subject the mother, her link to a RelatedPerson, whose
patient is the baby. A notification may come without the mother's number.
Source: nhsconnect/Events-Management, PDS Birth Notification (2025-01-30).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.codes import (
    BIRTHS_CODE,
    DELIVERY_PLACE,
    GESTATION_CODE,
    LIVE_BIRTH,
    MOTHER_CODES,
    STILLBIRTH_CODE,
)
from kinbridge_fhir.collection import Collection, codings
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.message import Message
from kinbridge_fhir.nems.deaths import death_status
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.persons import Person, person, provider_of, restricted
from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Provider, Role

_DEAD: Final = frozenset({"1", "2"})
_MOST: Final = 9
_MOST_WEEKS: Final = 46.0


def births(message: Message, account: Account) -> list[ChildEvent | Ended]:
    """Give one fact for each baby of the notification.

    Raises UnreadableError where there is none, or where none of them could be read.
    """
    found: list[ChildEvent | Ended] = []
    problems: list[UnreadableError] = []
    for mother, baby in _delivered(message):
        try:
            found.append(_birth(account, message.header, mother, baby))
        except UnreadableError as problem:
            # One baby that cannot be read does not lose its twin.
            fact = account.fact("birth", baby)
            found.append(parked(fact, problem.reason, "parked-unreadable"))
            problems.append(problem)
    if not found:
        raise UnreadableError("baby-missing", "Patient.link")
    if problems and not any(isinstance(fact, ChildEvent) for fact in found):
        raise problems[0]
    return found


def _delivered(message: Message) -> Iterator[tuple[Node | None, Node]]:
    for communication in message.focus:
        mother = message.resolve(one(communication, "subject"))
        for baby in _babies(message, mother):
            yield mother, baby


def _babies(message: Collection, mother: Node | None) -> Iterator[Node]:
    if mother is None or mother.kind != "Patient":
        return
    for link in mother.all("link"):
        related = message.resolve(one(link, "other"))
        if related is None or related.kind != "RelatedPerson":
            continue
        if not any(c.code in MOTHER_CODES for c in codings(related, "relationship")):
            continue
        baby = message.resolve(one(related, "patient"))
        if baby is not None and baby.kind == "Patient":
            yield baby


def _birth(account: Account, header: Node, mother: Node | None, baby: Node) -> ChildEvent | Ended:
    child = person(baby)
    parent = person(mother) if mother is not None else Person(None, None, None, None)
    fact = _fact(account, baby, child)
    if child.number is None and parent.number is None:
        return parked(fact, "no-usable-identifier")
    version = account.message.version_of(header, account.now)
    subjects = [account.subject(Role.CHILD, child, baby)]
    if mother is not None:
        subjects.append(account.subject(Role.MOTHER, parent, mother))
    return account.event(
        fact,
        version,
        "retract" if account.message.deletes else "assert",
        _occurred(baby, child),
        tuple(subjects),
        _detail(account.message, mother, baby, mother_known=parent.number is not None),
    )


def _fact(account: Account, baby: Node, child: Person) -> Id:
    # One person is born once: with a number, that names the fact better than a message's ids.
    key = (
        account.pseudonymiser.of_nhs_number(child.number)
        if child.number
        else account.thing("birth", baby)
    )
    return derive_id("fact", "birth", account.source, key)


def _occurred(baby: Node, child: Person) -> Occurred:
    if child.born_time is not None:
        return Occurred(at=child.born_time)
    said = text(baby, "birthDate")
    if said is None:
        raise UnreadableError("birth-date-missing", "Patient.birthDate")
    return read_time(said, "Patient.birthDate")


def _detail(
    message: Collection, mother: Node | None, baby: Node, *, mother_known: bool
) -> BirthNotified:
    gestation = _quantity(message, baby, GESTATION_CODE)
    hidden = restricted(baby) or restricted(mother)
    births = _quantity(message, mother, BIRTHS_CODE) or _quantity(message, baby, BIRTHS_CODE)
    return BirthNotified(
        live=_live(message, baby),
        births=_count(births),
        birth_order=_count(_decimal(text(baby, "multipleBirthInteger"))),
        gestation_weeks=gestation if gestation and gestation <= _MOST_WEEKS else None,
        provider=Provider() if hidden else _delivery_place(message, baby),
        mother_known=mother_known,
    )


def _live(message: Collection, baby: Node) -> bool | None:
    # A baby who has died since is no news of a baby either: any sign of death counts.
    if (
        text(baby, "deceasedDateTime") is not None
        or text(baby, "deceasedBoolean") == "true"
        or death_status(baby) in _DEAD
    ):
        return False
    observation = _observation(message, baby, STILLBIRTH_CODE)
    if observation is None:
        return None
    found = next(codings(observation, "valueCodeableConcept"), None)
    return found.code == LIVE_BIRTH if found is not None else None


def _observation(message: Collection, about: Node | None, code: tuple[str, str]) -> Node | None:
    if about is None:
        return None
    for observation in message.observations.get(code, ()):
        if message.resolve(one(observation, "subject")) is about:
            return observation
    return None


def _quantity(message: Collection, about: Node | None, code: tuple[str, str]) -> float | None:
    observation = _observation(message, about, code)
    return _decimal(text(observation, "valueQuantity", "value"))


def _decimal(said: str | None) -> float | None:
    try:
        number = float(said) if said is not None else None
    except ValueError:
        return None
    return number if number is not None and 0 < number < 1_000 else None  # noqa: PLR2004 - neither nan nor infinity


def _count(number: float | None) -> int | None:
    return int(number) if number is not None and 1 <= number <= _MOST else None


def _delivery_place(message: Collection, baby: Node) -> Provider:
    # The birthPlace extension is left out on purpose: of a home birth it is the address.
    for episode in message.of_kind("EpisodeOfCare"):
        if not any(c.code == DELIVERY_PLACE for c in codings(episode, "type")):
            continue
        if message.resolve(one(episode, "patient")) is baby:
            return provider_of(message, episode, "managingOrganization") or Provider()
    return Provider()
