"""Who the child is: registered, unborn, born, moved."""

from __future__ import annotations

from kinbridge_casesystem.claims import Claims, Scope
from kinbridge_casesystem.snapshot_model import ToldDetails
from kinbridge_schemas.events.persons import (
    AddressChanged,
    EddChanged,
    PersonRegistered,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.identifiers import Postcode
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Occurred, Precision

DETAILS = "details"


def details_claims(scope: Scope, details: ToldDetails) -> Claims:
    """Give the claims of `child_details`."""
    scope = scope.inside(DETAILS, "")
    born = scope.on(details.date_of_birth, "child_details.date_of_birth")
    due = scope.on_any(details.expected_date_of_birth, "child_details.expected_date_of_birth")
    if born is not None:
        name = f"{details.first_name or ''}|{details.surname or ''}"
        beside = f"{name}|{details.date_of_birth}"
        yield scope.claim("person", "", scope.undated, PersonRegistered(), beside)
        if scope.fact("unborn") in scope.remembered.facts:
            yield scope.claim("born", "", born, UnbornBorn())
    elif due is not None:
        yield from _unborn(scope, due)
    yield from _moved(scope, details.postcode)


def _unborn(scope: Scope, due: Occurred) -> Claims:
    known = scope.remembered.facts.get(scope.fact("unborn"))
    if known is None:
        yield scope.claim("unborn", "", scope.undated, UnbornRegistered(edd=due.at))
        return
    first = known.detail.edd if isinstance(known.detail, UnbornRegistered) else None
    # Only a change is told; going back to the first date is one too.
    if first != due.at or scope.fact("edd") in scope.remembered.facts:
        yield scope.claim("edd", "", scope.undated, EddChanged(edd=due.at))


def _moved(scope: Scope, text: str | None) -> Claims:
    before = scope.remembered.marks.get("postcode")
    # The first postcode is no move. Later only a keyed hash of it is here to compare with.
    if not text or before is None or before == postcode_mark(scope, text):
        return
    undated = Occurred(at=scope.now, precision=Precision.UNKNOWN)
    detail = AddressChanged(postcode=_postcode(text))
    yield scope.claim("address", "", undated, detail, text)


def postcode_mark(scope: Scope, text: str) -> str:
    return scope.case.pseudonymiser.fingerprint("".join(text.split()).upper().encode())


def _postcode(text: str) -> Postcode | None:
    try:
        return Postcode(text)
    except UnreadableError:
        return None
