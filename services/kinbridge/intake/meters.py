"""What intake counts. Labels are codes of ours: no source, no sender's word."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Meters:
    """The meters of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kinbridge_intake_requests",
            "Requests by door, status and reason.",
            ("door", "status", "reason"),
            registry=self.registry,
        )
        self.records = Counter(
            "kinbridge_intake_records",
            "Records written and acknowledged.",
            ("door",),
            registry=self.registry,
        )
        self.waiting = Gauge(
            "kinbridge_intake_in_flight", "Requests being answered.", registry=self.registry
        )
        self.durable_seconds = Histogram(
            "kinbridge_intake_durable_seconds",
            "From a complete body to Kafka's acknowledgement.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
