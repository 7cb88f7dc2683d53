"""A destination that is a FHIR server: an alert is created there, and its requests to health.

Every create is conditional on our own name of the resource, so that a repeat makes no second
one. Source: FHIR R4 section 3.1.0.8.1, conditional create; IssueType; RFC 6750 for the token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import orjson
from pydantic import SecretStr

from kinbridge.reading.sheet import sheet
from kinbridge.sending.destination import Answer, Post, Said, by_status, check_address
from kinbridge.sending.state import Errand
from kinbridge_fhir.outbound import Outgoing, communication, tasks
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.disclosure import without_places

_MEDIA_TYPE: Final = "application/fhir+json; fhirVersion=4.0"
_OF_PERSONS: Final = frozenset({3, 4})
"""The points that say who it is and when they were born: a receiver has that from the patient."""
_NOT_LET_IN: Final = frozenset({401, 403})
_HELD_TWICE: Final = 412
_REFUSES: Final = frozenset({400, 422})

# FHIR R4 IssueType, as far as it says what is wrong with a resource or a request.
_ISSUES: Final = frozenset(
    {
        *("invalid", "structure", "required", "value", "invariant", "processing"),
        *("not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"),
        *("code-invalid", "extension", "too-costly", "business-rule", "conflict", "informational"),
    }
)


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A server's base address, and the bearer token that it lets us in with."""

    url: SecretStr
    token: SecretStr

    def check(self, name: str) -> None:
        url = check_address(name, self.url)
        if url.query or url.fragment:
            raise ValueError(f"The address of {name} is not a base: it has a query or a fragment.")
        token = self.token.get_secret_value()
        if not (token and token.isascii() and token.isprintable() and " " not in token):
            raise ValueError(f"The secret of {name} is no bearer token.")

    def posts(self, errand: Errand, _now: datetime, /) -> tuple[Post, ...]:
        """Give the alert first, then what it asks of health.

        Nothing, where the dispatch was made for a webhook: the subscription was changed since.
        """
        dispatch = errand.dispatch
        alert = dispatch.shown
        if alert is None:
            return ()
        told = communication(alert, lines(alert), said=dispatch.said)
        return tuple(self._post(each) for each in (told, *tasks(alert, said=dispatch.said)))

    def judged(self, said: Said, now: datetime, /) -> Answer:
        """Say what an answer means.

        Who is not let in comes again: a token is mended by a person while the alert waits. A
        name that the server holds more than once is for a person to look at.
        """
        status = said.status
        if status in _NOT_LET_IN:
            return Answer("try-later", "not-let-in", status)
        if status == _HELD_TWICE:
            return Answer("refused", "held-more-than-once", status)
        if status in _REFUSES:
            return Answer("refused", f"fhir-{_issue(said.body)}", status)
        return by_status(said, now)

    def _post(self, resource: Outgoing) -> Post:
        name = quote(f"{resource.system}|{resource.value}", safe="")
        headers = {
            "content-type": _MEDIA_TYPE,
            "accept": _MEDIA_TYPE,
            "accept-encoding": "identity",
            "user-agent": "kinbridge",
            "prefer": "return=minimal",
            "authorization": f"Bearer {self.token.get_secret_value()}",
            "if-none-exist": f"identifier={name}",
        }
        base = self.url.get_secret_value().rstrip("/")
        return Post(f"{base}/{resource.kind}", resource.content, headers)


def lines(alert: TeamAlert) -> tuple[str, ...]:
    """Give the points of an alert without those of persons, and without any place of care."""
    content = alert.content
    if content is None:
        return ()
    items = tuple(
        item.model_copy(update={"concern": without_places(item.concern)}) for item in content.items
    )
    placeless = alert.model_copy(update={"content": content.model_copy(update={"items": items})})
    return tuple(
        f"{point.title}: {' '.join(point.lines)}"
        for point in sheet(placeless).points
        if point.number not in _OF_PERSONS
    )


def _issue(body: bytes) -> str:
    """Give the code of an OperationOutcome's first issue, where it is one of FHIR's own."""
    try:
        found: Any = orjson.loads(body)
        code = found["issue"][0]["code"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return "refused"
    return code if isinstance(code, str) and code in _ISSUES else "refused"
