"""What intake writes: one record, its key, and the envelope around its bytes. Pure.

Every way in makes its records here, so that the same bytes of the same record give the same id
whether they came by HTTP, out of a mailbox or over a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.envelope import DataClassification, Envelope
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.received import Received

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to be written."""

    topic: str
    key: str
    value: bytes
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Arrival:
    """When something came, and the pseudonyms that its keys and ids pass through."""

    pseudonymiser: Pseudonymiser
    now: datetime

    def entry(
        self,
        topic: str,
        route: str,
        source: str,
        key: str,
        content: bytes,
        content_type: str = JSON,
    ) -> Entry:
        """Give the record of received bytes. `key` is a pseudonym; `route` names the adapter."""
        own = derive_id("received", route, source, key, self.pseudonymiser.fingerprint(content))
        envelope = Envelope(
            id=own,
            type=Received.contract,
            source=f"{route}:{source}",
            recorded=self.now,
            correlation=own,
            classification=DataClassification.PERSONAL_SENSITIVE,
            content_type=content_type,
        )
        return Entry(topic, key, content, envelope)
