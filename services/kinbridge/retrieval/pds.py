"""PDS: which request a step is. Its addresses hold the NHS number, by its specification.

Source: NHS England, Personal Demographics Service FHIR API (R4). `X-Request-ID` is needed and is
the same for the same attempt, so that a repeat of it can be told in NHS England's logs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

import httpx

from kinbridge.retrieval.access import Access
from kinbridge.retrieval.http import WITHIN, Clock, Said, fetch
from kinbridge.retrieval.state import Errand
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.vocabulary import OdsCode

_PATHS: Final = {"patient": "", "related-persons": "/RelatedPerson"}
_DENIED: Final = 401
_FORBIDDEN: Final = 403
_REDIRECTS: Final = range(300, 400)


class PdsServer:
    """Asks PDS. Holds its address, and the token that it was given."""

    def __init__(
        self,
        address: httpx.URL,
        access: Access,
        organisation: OdsCode | None = None,
        within: float = WITHIN,
    ) -> None:
        self._address: Final = address
        self._access: Final = access
        self._organisation: Final = organisation
        self._within: Final = within

    async def ask(self, client: httpx.AsyncClient, errand: Errand, clock: Clock) -> Said:
        """Make one attempt."""
        shown = await self._access.headers(client, clock)
        if isinstance(shown, Said):
            return shown
        request = self.request(client, errand, shown)
        said = await fetch(client, request, clock, within=self._within)
        if said.status == _DENIED:
            self._access.refused()
        return replace(said, outcome="try-later") if _is_of_the_service(said, errand) else said

    def request(
        self, client: httpx.AsyncClient, errand: Errand, shown: dict[str, str]
    ) -> httpx.Request:
        """Give the request of an errand."""
        number = errand.asked.nhs_number.reveal()
        headers = {
            "accept": "application/fhir+json",
            "x-request-id": _request_id(errand),
            **shown,
        }
        if self._organisation is not None:
            headers["nhsd-end-user-organisation-ods"] = self._organisation
        url = f"{self._address}/Patient/{number}{_PATHS[errand.step]}"
        return client.build_request("GET", url, headers=headers)


def _is_of_the_service(said: Said, errand: Errand) -> bool:
    """Whether a refusal is of all of PDS, and not of the person: a person puts that right.

    Nothing would ask again, and it may have been a signal that somebody is now restricted.
    """
    # The list of relatives may be refused for good, to an application that has no right to it.
    return errand.step == "patient" and (said.status == _FORBIDDEN or said.status in _REDIRECTS)


def _request_id(errand: Errand) -> str:
    own = derive_id("request", errand.asked.id, errand.step, str(errand.number))
    return str(UUID(own.rpartition("-")[2]))
