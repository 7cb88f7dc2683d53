"""Which providers were asked for care, and with what end: one line each on an alert. Pure.

That nobody answered is a line like any other, and so is that the answer is still awaited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kinbridge.rules.picture import Account
from kinbridge.rules.state import AskedOf
from kinbridge.rules.view import View
from kinbridge_schemas.base import Id
from kinbridge_schemas.concerns import Check
from kinbridge_schemas.disclosure import care_check, least_certain
from kinbridge_schemas.events.knowledge import CareRetrieved
from kinbridge_schemas.vocabulary import InputStatus, Role

_WHOSE: Final = {Role.CHILD: "", Role.MOTHER: "-of-mother"}
_CARERS: Final = "-of-carer"
_SOMEBODY: Final = "providers"
"""Of an adult's own care nobody may read which provider gives it: its name may say what it is."""


def care_checks(view: View, asked: Mapping[Id, AskedOf]) -> tuple[Check, ...]:
    """Give what is known of each search: its last answer, or that none has come yet."""
    found: dict[str, list[Check]] = {}
    for request in _one_each(asked.values()):
        whose = _CARERS if request.carer else _WHOSE.get(request.relation, _CARERS)
        for kind in request.asked_for:
            check = _check(view, asked, request, kind, whose)
            found.setdefault(check.what, []).append(check)
    return tuple(least_certain(checks) for _, checks in sorted(found.items()))


def _one_each(asked: Iterable[AskedOf]) -> list[AskedOf]:
    """Give the last question to each server about each person."""
    latest: dict[tuple[str, str], AskedOf] = {}
    for request in sorted(asked, key=lambda r: (r.at, r.retrieval)):
        latest[request.server, request.person] = request
    return list(latest.values())


def _check(view: View, asked: Mapping[Id, AskedOf], last: AskedOf, kind: str, whose: str) -> Check:
    server = _SOMEBODY if whose == _CARERS else last.server
    of_person = {
        request.retrieval
        for request in asked.values()
        if (request.server, request.person) == (last.server, last.person)
    }
    told = [
        (account, detail)
        for account, detail in view.of(CareRetrieved)
        if detail.retrieval in of_person and detail.asked_for == kind
    ]
    if not told:
        return care_check(kind, whose, server, InputStatus.UNKNOWN, last.at)
    account, detail = max(told, key=_by_time)
    part = "" if detail.complete else "-in-part"
    return care_check(f"{kind}{part}", whose, server, detail.status, account.observed)


def _by_time(told: tuple[Account, CareRetrieved]) -> tuple[object, str]:
    return (told[0].observed, told[0].event)
