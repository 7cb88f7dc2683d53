"""NHS side: FHIR messages, STU3 and R4, to shared events. The only place that reads FHIR."""

from kinbridge_fhir.adapter import FhirMessages

__all__ = ["FhirMessages"]
