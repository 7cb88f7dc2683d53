"""Local-authority side: case systems' records to shared events."""

from kinbridge_casesystem.snapshot import ChildSnapshots
from kinbridge_casesystem.webhook import CaseWebhook

__all__ = ["CaseWebhook", "ChildSnapshots"]
