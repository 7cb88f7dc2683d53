"""What leaves as FHIR: an alert as a Communication, a question to health as a Task. UK Core, R4.

Built with fhir.resources, of R4B: it holds these two resources as R4 does. Nothing is looked
up and nothing left out here: what a reader may see was decided before, and an alert that comes
stripped leaves stripped.
"""

from kinbridge_fhir.outbound.communication import communication
from kinbridge_fhir.outbound.resource import Outgoing
from kinbridge_fhir.outbound.task import tasks

__all__ = ["Outgoing", "communication", "tasks"]
