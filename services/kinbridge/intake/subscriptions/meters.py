"""What the process of subscriptions counts. Labels are the subscription's name and our codes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """The meters of one process, in a registry of its own. Times are Unix times, in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.notifications = Counter(
            "kinbridge_subscription_notifications",
            "Notifications read from the log, by type.",
            ("source", "kind"),
            registry=self.registry,
        )
        self.said = Counter(
            "kinbridge_subscription_operations_events",
            "Operations events, by code.",
            ("source", "code"),
            registry=self.registry,
        )
        self.missing = self._gauge("kinbridge_subscription_missing", "Events that have not come.")
        self.pending = self._gauge(
            "kinbridge_subscription_pending", "Resources that are still to be fetched."
        )
        self.active = self._gauge(
            "kinbridge_subscription_active", "1 while the server says that it is active."
        )
        self.reconciled = self._gauge(
            "kinbridge_source_last_polled_seconds", "Until when all changes were asked for."
        )
        self.received = self._gauge(
            "kinbridge_source_last_received_seconds", "When something last came; 0: nothing yet."
        )
        self.expected = self._gauge(
            "kinbridge_source_expected_within_seconds", "How long the source may be quiet."
        )
        self.silent = self._gauge(
            "kinbridge_source_silent", "1 while the source is quiet for longer than it may be."
        )
        self.failing = self._gauge(
            "kinbridge_source_failing", "1 while the source cannot be asked."
        )

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, ("source",), registry=self.registry)
