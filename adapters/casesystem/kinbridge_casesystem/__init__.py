"""Local-authority side: case systems' records to shared events."""

from kinbridge_casesystem.eclipse import Eclipse
from kinbridge_casesystem.snapshots import SNAPSHOTS
from kinbridge_casesystem.webhook import CaseWebhook

__all__ = ["SNAPSHOTS", "CaseWebhook", "Eclipse"]
