"""Every contract that travels on a topic, by the name topics.yaml gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge_schemas.alerts import (
    AlertRevision,
    Attempt,
    Delivery,
    Dispatch,
    TeamAlert,
)
from kinbridge_schemas.base import Contract
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.concerns import AlertProposed, SharingDecision
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.moves import ItemsMoved
from kinbridge_schemas.responses import Response
from kinbridge_schemas.retrieval import Retrieval, Retrieved

CONTRACTS: Final[Mapping[str, type[Contract]]] = {
    contract.contract: contract
    for contract in (
        ChildEvent,
        LinkedEvent,
        AlertProposed,
        SharingDecision,
        AlertRevision,
        ItemsMoved,
        TeamAlert,
        Dispatch,
        Attempt,
        Delivery,
        Retrieval,
        Retrieved,
        Response,
        Disposition,
        DeadLetter,
    )
}


def codec() -> Codec:
    """The codec of the line's own contracts."""
    return Codec(tuple(CONTRACTS.values()))
