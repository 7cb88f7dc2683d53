"""The declaration of linking: what it reads and writes, and the documents of its registry."""

from __future__ import annotations

from kinbridge.linking.decide import Linking
from kinbridge.linking.documents import DOCUMENTS, NoState
from kinbridge.linking.saying import STAGE
from kinbridge.sources.pds import Pds
from kinbridge.stage import Message, Stage
from kinbridge_schemas.identifiers import Pseudonymiser


def declare(*, pseudonymiser: Pseudonymiser, pds: Pds | None = None) -> Stage[NoState]:
    """Give the stage. `pseudonymiser` must be the one that mapping uses.

    With `pds` its people are asked about there; without, nobody is.
    """
    linking = Linking(
        pseudonymiser,
        linked="linked-events",
        dispositions="dispositions",
        retrievals="retrievals",
        pds=pds,
    )
    return Stage(
        name=STAGE,
        reads=("child-events",),
        writes=("linked-events", "dispositions", "retrievals"),
        state=NoState,
        fresh=NoState,
        decide=linking.decide,
        key=_one_key,
        wants=linking.wants,
        documents=DOCUMENTS,
    )


def _one_key(_message: Message) -> str:
    # Nothing is kept by subject: a row for each key would be a list of people asked about.
    return STAGE
