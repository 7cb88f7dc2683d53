"""Which adapter reads which route. A new kind of source is one line here."""

from __future__ import annotations

from typing import Final

from kinbridge.meetings.adapter import ROUTE as MEETING
from kinbridge.meetings.adapter import Meetings
from kinbridge.sources.mllp import codes_of
from kinbridge.sources.model import Sources
from kinbridge_casesystem import SNAPSHOTS, CaseWebhook, Eclipse
from kinbridge_fhir import (
    FhirMessages,
    FhirNotifications,
    FhirSearches,
    MnsSignals,
    PdsPatients,
    PdsRelatedPersons,
)
from kinbridge_fhir.hl7v2 import Hl7v2
from kinbridge_schemas.mapped import Routes

ROUTES: Final[Routes] = {
    "fhir-message": FhirMessages(),
    "fhir-notification": FhirNotifications(),
    "fhir-search": FhirSearches(),
    "mns-signal": MnsSignals(),
    "pds-patient": PdsPatients(),
    "pds-related-persons": PdsRelatedPersons(),
    "case-webhook": CaseWebhook(),
    "eclipse": Eclipse(),
    **SNAPSHOTS,
    MEETING: Meetings(),
    "hl7v2": Hl7v2(),
}
"""Every route with the codes of its standard alone."""


NOT_FHIR: Final = frozenset({"case-webhook", "eclipse", *SNAPSHOTS, MEETING, "hl7v2"})


def routes_of(sources: Sources) -> Routes:
    """Give every route, with the feeds' own codes that the file of sources holds."""
    found: Routes = {
        **ROUTES,
        "fhir-message": FhirMessages(sources.codes),
        "fhir-notification": FhirNotifications(sources.codes),
        "fhir-search": FhirSearches(sources.codes),
        "hl7v2": Hl7v2(codes_of(sources.mllp)),
        "eclipse": Eclipse({each.source: each.table for each in sources.eclipse}),
    }
    if not sources.strict:
        return found
    # The models of all of FHIR take memory and a start of their own: not where nobody asks.
    from kinbridge_fhir.strict import Strict  # noqa: PLC0415 - see above

    return {
        route: adapter if route in NOT_FHIR else Strict(adapter, sources.strict)
        for route, adapter in found.items()
    }
