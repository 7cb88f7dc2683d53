"""The event types of the Multicast Notification Service, and what is done with each.

Source: NHSDigital/multicast-notification-service, signal schemas and examples, 2026-04-23.
"""

from __future__ import annotations

import re
from typing import Final

MAPPING_VERSION: Final = "mns-signal-1"
"""Raised whenever a table or a rule of this adapter changes."""

ASK_PDS: Final = frozenset(
    {
        "pds-record-change-2",
        "pds-change-of-gp-2",
        # Sent when a death is noted, registered, and taken back: which, only PDS says.
        "pds-death-notification-2",
        # Superseded or invalidated: which, only PDS says.
        "nhs-number-change-2",
    }
)
"""Signals of the Personal Demographics Service: what changed stands on the record there."""

NOT_USED: Final = frozenset(
    {
        "gpreg-change-gp-req-1",
        "imms-vaccination-record-change-1",
        "imms-vaccinations-1",
        "nhshco-hc-complete-1",
        "pathology-laboratory-reporting-test-result-stored-1",
        "patientflags-change-1",
        "pdm-resource-change-1",
        "vrs-proxy-role-changed-1",
        "vrs-proxy-role-created-1",
        "vrs-proxy-role-deleted-1",
    }
)
"""Known, and about nothing that is told here, or kept where nobody here may ask."""

_TEST: Final = re.compile(r"mns-test-signal-[0-9]{1,3}")


def is_test(event_type: str) -> bool:
    """Whether it is the service's own test signal, which comes every quarter of an hour."""
    return _TEST.fullmatch(event_type) is not None
