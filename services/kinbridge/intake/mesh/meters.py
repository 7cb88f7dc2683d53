"""What the poller counts. Labels are the source's name and codes of ours."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """The meters of one process, in a registry of its own. Times are Unix times, in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.messages = self._counter(
            "kinbridge_mesh_messages", "Messages made durable, by what became of them.", "outcome"
        )
        self.reports = self._counter(
            "kinbridge_mesh_reports", "Error reports of MESH, by its status code.", "status"
        )
        self.failures = self._counter(
            "kinbridge_mesh_failures", "What did not work and is tried again.", "reason"
        )
        self.waiting = self._gauge("kinbridge_mesh_waiting", "Messages in the mailbox.")
        self.oldest = self._gauge(
            "kinbridge_mesh_oldest_seconds", "Age of the oldest message in the mailbox."
        )
        self.left = self._gauge(
            "kinbridge_mesh_left", "Messages that are parked and still lie in the mailbox."
        )
        self.polled = self._gauge(
            "kinbridge_source_last_polled_seconds", "When the source last answered in full."
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
        self.workflow_silent = Gauge(
            "kinbridge_mesh_workflow_silent",
            "1 while a workflow that is expected by itself is quiet for too long.",
            ("source", "workflow"),
            registry=self.registry,
        )
        self.failing = self._gauge(
            "kinbridge_source_failing", "1 while the source cannot be asked."
        )

    def _counter(self, name: str, says: str, label: str) -> Counter:
        return Counter(name, says, ("source", label), registry=self.registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, ("source",), registry=self.registry)
