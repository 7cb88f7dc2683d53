"""CP-IS as Patient Flags show it: Flag, the CarePlan it points to, and the team of the plan.

An earlier design of it has a CareTeam alone, with the code, the child and the dates.

It is health's view that some authority has a plan, perhaps another authority than the one that
reads of it. It opens no case and starts no plan. Of an unborn child the record is its mother's.
Sources: England-Flag-PatientFlag, England-CarePlan-Flag, England-CareTeam-Flag, CPIS-CareTeam
(NHSDigital/IOPS-FHIR-Simplifier-Backup, 2025).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from kinbridge_fhir.appointments import patient_of
from kinbridge_fhir.collection import Collection, codings, tail
from kinbridge_fhir.facts import Account, modified, parked
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import provider_of, restricted
from kinbridge_fhir.systems import PATIENT_FLAG, SNOMED
from kinbridge_fhir.telephones import desk_number
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.protection import CpisStatus, CpisStatusRecorded
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Role, Version

# The published samples spell it `information-system`, the guide's text `information-sharing`.
_CPIS: Final = frozenset(
    {
        (PATIENT_FLAG, "child-protection-information-system-flag"),
        (PATIENT_FLAG, "child-protection-information-sharing-flag"),
    }
)
_DETAIL: Final = "http://hl7.org/fhir/StructureDefinition/flag-detail"

# SNOMED CT. A child protection plan has three codes: of Patient Flags (2025), of the Digital
# Child Health legal information (2017), and of an early sandbox of the NHS.
_STATUSES: Final = {
    (SNOMED, "342191000000101"): CpisStatus.CHILD_PROTECTION_PLAN,
    (SNOMED, "1064311000000109"): CpisStatus.CHILD_PROTECTION_PLAN,
    (SNOMED, "224353004"): CpisStatus.CHILD_PROTECTION_PLAN,
    (SNOMED, "818901000000100"): CpisStatus.UNBORN_CHILD_PROTECTION_PLAN,
    (SNOMED, "764841000000100"): CpisStatus.LOOKED_AFTER,
}
# Of a CarePlan the first two, of a Flag or a CareTeam the last.
_OVER: Final = frozenset({"completed", "revoked", "inactive"})
_WRONG: Final = "entered-in-error"
# "SFD1 - SHEFFIELD CITY COUNCIL": a code of the authority, where one stands before its name.
_TEAM: Final = re.compile(
    r"(?:(?P<code>[A-Z0-9]{3,9}) - )?(?P<name>[A-Za-z][A-Za-z &',.()-]{2,79})"
)
_AUTHORITY: Final = re.compile(
    r"\b(council|borough|corporation|authority|trust|for children|children first)\b", re.IGNORECASE
)
"""What the name of every authority of England has, or of the trust that acts for it."""


class _Team(NamedTuple):
    code: str | None = None
    name: str | None = None
    office_hours: str | None = None
    out_of_hours: str | None = None


def is_cpis(flag: Node) -> bool:
    """Whether a Flag is CP-IS's. Its kind stands in `code`; some senders use `category`."""
    return any(c.pair in _CPIS for name in ("code", "category") for c in codings(flag, name))


def plan_of_flag(account: Account, flag: Node) -> ChildEvent | Ended:
    """Give the plan that a CP-IS Flag points to."""
    plan = _plan(account.message, flag)
    if plan is None:
        return parked(account.fact("flag", flag), "plan-missing")
    return _told(account, plan, flag)


def care_plan(account: Account, plan: Node) -> Iterator[ChildEvent | Ended]:
    """Map one CarePlan: CP-IS's, unless a Flag of the same message tells it already."""
    if any(told is plan for told in account.message.once(_plans_of_flags)):
        return
    if _status(plan) is None:
        yield parked(account.fact("careplan", plan), "resource-not-used")
    else:
        yield _told(account, plan, None)


def care_team(account: Account, team: Node) -> Iterator[ChildEvent | Ended]:
    """Map one CareTeam: only one that itself says the plan, as the earlier design has it.

    Any other explains what it came with, and so does one that a plan of the message refers to.
    """
    if _status(team) is None:
        return
    if not any(told is team for told in account.message.once(_teams_of_plans)):
        yield _told(account, team, None)


def _plans_of_flags(message: Collection) -> list[Node]:
    found = (_plan(message, flag) for flag in message.of_kind("Flag") if is_cpis(flag))
    return [plan for plan in found if plan is not None]


def _teams_of_plans(message: Collection) -> list[Node]:
    plans = (plan for plan in message.of_kind("CarePlan") if _status(plan) is not None)
    found = (message.resolve(one(plan, "careTeam")) for plan in plans)
    return [team for team in found if team is not None]


def _plan(message: Collection, flag: Node) -> Node | None:
    reference = one(extension(flag, _DETAIL), "valueReference")
    target = text(reference, "reference")
    if target is None:
        return None
    found = message.resolve(reference)
    if found is None:
        # The published sample points to `…-example` and calls the plan `…-Example`.
        found = message.once(_plans_by_id).get(tail(target).lower())
    usable = found is not None and found.kind == "CarePlan" and not modified(found)
    return found if usable else None


def _plans_by_id(message: Collection) -> dict[str, Node]:
    plans = message.of_kind("CarePlan")
    return {f"careplan/{text(plan, 'id')}".lower(): plan for plan in plans}


def _status(plan: Node) -> CpisStatus | None:
    found = (_STATUSES.get(code.pair) for code in codings(plan, "category"))
    return next((status for status in found if status is not None), None)


def _told(account: Account, plan: Node, flag: Node | None) -> ChildEvent | Ended:
    fact, status = account.fact(plan.kind.lower(), plan), _status(plan)
    if status is None:
        return parked(fact, "plan-code-unknown")
    who = patient_of(account, plan) or (patient_of(account, flag) if flag is not None else None)
    if who is None:
        return parked(fact, "subject-missing")
    patient, named = who
    if patient.number is None:
        return parked(fact, "no-usable-identifier")
    holders = [plan, *([flag] if flag is not None else [])]
    version = _latest(account, holders)
    wrong = any(text(holder, "status") == _WRONG for holder in holders)
    started = _time(holders, "start")
    # Which authority has the plan says where the family lives.
    team = _Team() if restricted(named) else _team(account, plan)
    detail = CpisStatusRecorded(
        status=status,
        started=started.at if started else None,
        ended=_ended(holders, version),
        authority_code=team.code,
        authority_name=team.name,
        office_hours=team.office_hours,
        out_of_hours=team.out_of_hours,
    )
    unborn = status is CpisStatus.UNBORN_CHILD_PROTECTION_PLAN
    return account.event(
        fact,
        version,
        "retract" if wrong or account.message.deletes else "assert",
        started or account.unknown_time(version),
        (account.subject(Role.MOTHER if unborn else Role.CHILD, patient, named),),
        detail,
    )


def _latest(account: Account, holders: list[Node]) -> Version:
    # Either may change without the other: what is told of both is as new as the newer.
    versions = [account.message.version_of(holder, account.now) for holder in holders]
    number = max(version.number for version in versions)
    return max(versions, key=lambda v: v.order[1:]).model_copy(update={"number": number})


def _time(holders: list[Node], name: str) -> Occurred | None:
    for holder in holders:
        said = text(holder, "period", name)
        if said is not None:
            return read_time(said, f"{holder.kind}.period.{name}")
    return None


def _ended(holders: list[Node], version: Version) -> datetime | None:
    said = _time(holders, "end")
    if said is not None:
        return said.at
    # It says that it is over, and not since when: since it said so at the latest.
    over = any(text(holder, "status") in _OVER for holder in holders)
    return version.updated if over else None


def _team(account: Account, plan: Node) -> _Team:
    reference = one(plan, "careTeam")
    team = plan if plan.kind == "CareTeam" else account.message.resolve(reference)
    if team is None or team.kind != "CareTeam":
        named = _named(text(reference, "display"))
        return _Team(named["code"], named["name"]) if named else _Team()
    named = _named(text(team, "name"))
    organisation = provider_of(account.message, team, "managingOrganization")
    return _Team(
        code=(organisation.ods if organisation else None) or (named["code"] if named else None),
        name=named["name"] if named else None,
        office_hours=desk_number(team, "work"),
        out_of_hours=desk_number(team, "mobile"),
    )


def _named(said: str | None) -> re.Match[str] | None:
    # Only what looks like the name of an authority: anything else in the field was typed there.
    found = _TEAM.fullmatch(said or "")
    return found if found and _AUTHORITY.search(found["name"]) else None
