"""The declaration of retrieval: questions and outcomes in, answers as received bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge.retrieval.decide import Retrieving
from kinbridge.retrieval.pace import Pace
from kinbridge.retrieval.state import Errand, Queue
from kinbridge.sources.model import Sources
from kinbridge.stage import Stage
from kinbridge_schemas.base import Code
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.retrieval import PDS

OUTCOMES: Final = "retrieval-outcomes"


def declare(*, pseudonymiser: Pseudonymiser, sources: Sources) -> Stage[Queue]:
    """Give the stage: state by destination. Its agent performs each errand."""
    received = "received.retrieved"
    retrieving = Retrieving(paces_of(sources), pseudonymiser, received)
    return Stage(
        name="retrieval",
        reads=("retrievals", OUTCOMES),
        writes=(received, OUTCOMES),
        state=Queue,
        fresh=Queue,
        decide=retrieving.decide,
        task=Errand,
    )


def paces_of(sources: Sources) -> Mapping[Code, Pace]:
    """Give how often each destination may be asked, and for how long one question is tried."""
    paces = {s.name: Pace(s.per_second, s.burst, s.within) for s in sources.care}
    if (pds := sources.pds) is not None:
        paces[PDS] = Pace(pds.per_second, pds.burst, pds.within)
    return paces
