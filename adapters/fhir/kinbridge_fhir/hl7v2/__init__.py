"""HL7 v2 of a trust: ADT and SIU messages to shared events.

It lies with the FHIR mappings because both are the NHS side: they share the tables of codes
(`attendance`, `codes`) and mean the same by them. What a message is written in is read by
`er7`, the only reader of its bytes; a socket is none of this package's business.
"""

from kinbridge_fhir.hl7v2.adapter import Hl7v2
from kinbridge_fhir.hl7v2.feed import FeedCodes

__all__ = ["FeedCodes", "Hl7v2"]
