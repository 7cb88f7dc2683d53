"""Which requests a question takes, in their order, and which adapter reads each answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge_schemas.retrieval import CareWanted, DemographicsWanted, Retrieval, Step

ROUTE_OF: Final[Mapping[Step, str]] = {
    "patient": "pds-patient",
    "related-persons": "pds-related-persons",
    "appointments": "fhir-search",
    "encounters": "fhir-search",
}
"""The route of mapping that reads the answer to a step."""

_OF_KIND: Final = {"Appointment": "appointments", "Encounter": "encounters"}


def steps_of(asked: Retrieval) -> tuple[Step, ...]:
    """Give the steps of a question."""
    match asked.wanted:
        case DemographicsWanted(related=related):
            return ("patient", "related-persons") if related else ("patient",)
        case CareWanted(kinds=kinds):
            return tuple(_OF_KIND[kind] for kind in kinds)
