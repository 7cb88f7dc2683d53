"""NHS side: FHIR messages, STU3 and R4, to shared events. The only place that reads FHIR."""

from kinbridge_fhir.adapter import FhirMessages
from kinbridge_fhir.mns import MnsSignals
from kinbridge_fhir.notifications import FhirNotifications
from kinbridge_fhir.pds import PdsPatients
from kinbridge_fhir.pds_related import PdsRelatedPersons
from kinbridge_fhir.searching import FhirSearches

__all__ = [
    "FhirMessages",
    "FhirNotifications",
    "FhirSearches",
    "MnsSignals",
    "PdsPatients",
    "PdsRelatedPersons",
]
