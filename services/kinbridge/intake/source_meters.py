"""What is counted of every source that is fetched or listened to, by the source's name."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge


class SourceMeters:
    """The meters of one process, in a registry of its own or given. Times are Unix times.

    Labels are the source's name and codes of ours.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry: Final = registry or CollectorRegistry()
        self.received: Final = self._gauge(
            "kinbridge_source_last_received_seconds", "When something last came; 0: nothing yet."
        )
        self.expected: Final = self._gauge(
            "kinbridge_source_expected_within_seconds", "How long the source may be quiet."
        )
        self.silent: Final = self._gauge(
            "kinbridge_source_silent", "1 while the source is quiet for longer than it may be."
        )

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(name, says, ("source", *labels), registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, ("source", *labels), registry=self.registry)


class FetchedMeters(SourceMeters):
    """The same of sources that we ask."""

    def __init__(self) -> None:
        super().__init__()
        self.polled: Final = self._gauge(
            "kinbridge_source_last_polled_seconds", "Until when the source was asked for all."
        )
        self.failing: Final = self._gauge(
            "kinbridge_source_failing", "1 while the source cannot be asked."
        )
