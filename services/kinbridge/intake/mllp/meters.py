"""What the listener counts. A source's name is the feed's."""

from __future__ import annotations

from typing import Final

from prometheus_client import Histogram

from kinbridge.intake.source_meters import SourceMeters

_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Meters(SourceMeters):
    """Of feeds, beside what is counted of every source."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: Final = self._counter(
            "kinbridge_mllp_messages", "Messages answered, by what became of them.", "outcome"
        )
        self.refused: Final = self._counter(
            "kinbridge_mllp_refused", "Messages refused for good, by reason.", "reason"
        )
        self.closed: Final = self._counter(
            "kinbridge_mllp_connections_closed", "Connections that we ended, by reason.", "reason"
        )
        self.stray: Final = self._counter(
            "kinbridge_mllp_stray_bytes", "Bytes outside of any message."
        )
        self.cut: Final = self._counter(
            "kinbridge_mllp_cut_messages", "Messages begun and not ended."
        )
        self.connections: Final = self._gauge("kinbridge_mllp_connections", "Open connections.")
        self.durable_seconds: Final = Histogram(
            "kinbridge_mllp_durable_seconds",
            "From a complete message to Kafka's acknowledgement.",
            ("source",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
