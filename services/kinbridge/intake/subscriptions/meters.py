"""What the process of subscriptions counts. A source's name is the subscription's."""

from __future__ import annotations

from typing import Final

from kinbridge.intake.source_meters import FetchedMeters


class Meters(FetchedMeters):
    """Of subscriptions, beside what is counted of every source."""

    def __init__(self) -> None:
        super().__init__()
        self.notifications: Final = self._counter(
            "kinbridge_subscription_notifications",
            "Notifications read from the log, by type.",
            "kind",
        )
        self.said: Final = self._counter(
            "kinbridge_subscription_operations_events", "Operations events, by code.", "code"
        )
        self.missing: Final = self._gauge(
            "kinbridge_subscription_missing", "Events that have not come."
        )
        self.pending: Final = self._gauge(
            "kinbridge_subscription_pending", "Resources that are still to be fetched."
        )
        self.active: Final = self._gauge(
            "kinbridge_subscription_active", "1 while the server says that it is active."
        )
