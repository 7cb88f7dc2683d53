"""What the poller counts."""

from __future__ import annotations

from typing import Final

from kinbridge.intake.source_meters import FetchedMeters


class Meters(FetchedMeters):
    """Of mailboxes, beside what is counted of every source."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: Final = self._counter(
            "kinbridge_mesh_messages", "Messages made durable, by what became of them.", "outcome"
        )
        self.reports: Final = self._counter(
            "kinbridge_mesh_reports", "Error reports of MESH, by its status code.", "status"
        )
        self.failures: Final = self._counter(
            "kinbridge_mesh_failures", "What did not work and is tried again.", "reason"
        )
        self.waiting: Final = self._gauge("kinbridge_mesh_waiting", "Messages in the mailbox.")
        self.oldest: Final = self._gauge(
            "kinbridge_mesh_oldest_seconds", "Age of the oldest message in the mailbox."
        )
        self.left: Final = self._gauge(
            "kinbridge_mesh_left", "Messages that are parked and still lie in the mailbox."
        )
        self.workflow_silent: Final = self._gauge(
            "kinbridge_mesh_workflow_silent",
            "1 while a workflow that is expected by itself is quiet for too long.",
            "workflow",
        )
