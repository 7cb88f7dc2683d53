"""Which adapter reads which route. A new kind of source is one line here."""

from __future__ import annotations

from typing import Final

from kinbridge_casesystem import CaseWebhook, ChildSnapshots
from kinbridge_fhir import FhirMessages, FhirNotifications
from kinbridge_schemas.mapped import Routes

ROUTES: Final[Routes] = {
    "fhir-message": FhirMessages(),
    "fhir-notification": FhirNotifications(),
    "case-webhook": CaseWebhook(),
    "dfe-csc": ChildSnapshots(),
}
