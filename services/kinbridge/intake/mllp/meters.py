"""What the listener counts. Labels are the feed's name and codes of ours."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Meters:
    """The meters of one process, in a registry of its own. Times are Unix times, in seconds."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.messages: Final = self._counter(
            "kinbridge_mllp_messages", "Messages answered, by what became of them.", "outcome"
        )
        self.refused: Final = self._counter(
            "kinbridge_mllp_refused", "Messages refused for good, by reason.", "reason"
        )
        self.closed: Final = self._counter(
            "kinbridge_mllp_connections_closed", "Connections that we ended, by reason.", "reason"
        )
        self.stray: Final = Counter(
            "kinbridge_mllp_stray_bytes",
            "Bytes outside of any message.",
            ("source",),
            registry=self.registry,
        )
        self.cut: Final = Counter(
            "kinbridge_mllp_cut_messages",
            "Messages begun and not ended.",
            ("source",),
            registry=self.registry,
        )
        self.connections: Final = self._gauge("kinbridge_mllp_connections", "Open connections.")
        self.received: Final = self._gauge(
            "kinbridge_source_last_received_seconds", "When something last came; 0: nothing yet."
        )
        self.expected: Final = self._gauge(
            "kinbridge_source_expected_within_seconds", "How long the source may be quiet."
        )
        self.silent: Final = self._gauge(
            "kinbridge_source_silent", "1 while the source is quiet for longer than it may be."
        )
        self.durable_seconds: Final = Histogram(
            "kinbridge_mllp_durable_seconds",
            "From a complete message to Kafka's acknowledgement.",
            ("source",),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def _counter(self, name: str, says: str, label: str) -> Counter:
        return Counter(name, says, ("source", label), registry=self.registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, ("source",), registry=self.registry)
