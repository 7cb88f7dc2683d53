"""What a FHIR server is asked, and how its pages are handed on. Pure.

Source: HL7 FHIR R4, section 3.1 (search by POST, `_count`, `_include`, `_summary`). A search is
posted, so that no NHS number stands in an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kinbridge.sources.care import CareServer
from kinbridge_schemas.retrieval import CareWanted, Retrieval, Step
from kinbridge_schemas.vocabulary import DisclosureTier

MEDIA_TYPE: Final = "application/fhir+json"
RESOURCE_OF: Final = {"appointments": "Appointment", "encounters": "Encounter"}
_NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"

Form = tuple[tuple[str, str], ...]


class NotCareError(ValueError):
    """A question that is no search for care came to where care is searched for."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: an address on the server, and a form that is posted. Without one: a GET."""

    address: str
    form: Form = ()

    @property
    def fields(self) -> dict[str, list[str]]:
        """The form by name: a name may stand more than once."""
        found: dict[str, list[str]] = {}
        for name, value in self.form:
            found.setdefault(name, []).append(value)
        return found


def first_request(asked: Retrieval, step: Step, server: CareServer, base: str) -> Request:
    """Give the search of a step. Raises NotCareError where the question is another."""
    wanted, resource = asked.wanted, RESOURCE_OF.get(step)
    if resource is None or not isinstance(wanted, CareWanted):
        raise NotCareError(step)
    form: list[tuple[str, str]] = [
        (server.patient_by, f"{_NHS_NUMBER}|{asked.nhs_number.reveal()}"),
        ("date", f"ge{_day(wanted.since)}"),
        ("date", f"le{_day(wanted.until)}"),
    ]
    if wanted.tier is DisclosureTier.EXISTENCE:
        # Whether there is anything is all that may be known: so no more is fetched.
        form.append(("_summary", "count"))
    else:
        form.append(("_count", str(server.page_size)))
        if server.include_patient:
            form.append(("_include", f"{resource}:patient"))
    return Request(f"{base.rstrip('/')}/{resource}/_search", tuple(form))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def joined(pages: Sequence[bytes]) -> bytes:
    """Give the pages as one: itself if it is one, else a collection with each as it came."""
    if len(pages) == 1:
        return pages[0]
    entries = b",".join(b'{"resource":' + page + b"}" for page in pages)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"
