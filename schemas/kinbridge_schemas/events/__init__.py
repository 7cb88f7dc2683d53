"""Shared child and family events: what happened, from whichever side it came.

A closed union. Names are past tense, in the words of children's social care and of the NHS.
"""

from kinbridge_schemas.events.event import ChildEvent, Detail, Subject
from kinbridge_schemas.events.kinds import KINDS

__all__ = ["KINDS", "ChildEvent", "Detail", "Subject"]
