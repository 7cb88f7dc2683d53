"""The event messages of the National Events Management Service: all ten kinds, STU3.

Source of every shape, code and rule here: nhsconnect/Events-Management, 2025-01-30 (Apache-2.0).
What is used of each kind and what is left out on purpose stands in docs/adapters/coverage-nems.md.
"""

from kinbridge_fhir.nems.events import facts_of_event

__all__ = ["facts_of_event"]
