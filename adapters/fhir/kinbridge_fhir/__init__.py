"""NHS side: FHIR messages, STU3 and R4, to shared events. The only place that reads FHIR."""

from kinbridge_fhir.adapter import FhirMessages
from kinbridge_fhir.notifications import FhirNotifications

__all__ = ["FhirMessages", "FhirNotifications"]
