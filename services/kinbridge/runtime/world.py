"""Do this store and this cluster belong together? Pure, and asked at every assignment.

Offsets mean nothing in another cluster, in topics made anew, or beside a database restored
from yesterday. Each is told from what stands on both sides, and stops the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kinbridge.runtime.exits import WorldError
from kinbridge.runtime.progress import Progress, World

RAISE = "If the database was restored, raise the stage's epoch; else point it at its own."


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a topic's partition starts and ends, and what the group has committed there.

    `committed` is -1 when there is nothing; `epoch` is the one it was committed in.
    """

    start: int
    end: int
    committed: int = -1
    epoch: int = 0


def begun(
    partition: int, progress: Progress | None, world: World, bounds: Mapping[str, Bounds]
) -> Progress:
    """Give the progress to go on from: the stored one, completed by what is new.

    A topic never read before begins where its log does. `bounds` has every topic that the
    stage reads. Raises WorldError if the stored progress is of another world.
    """
    before = progress or Progress(partition, world)
    if before.world.cluster:
        _same_world(before.world, world)
    for topic, bound in bounds.items():
        _same_place(before, topic, bound)
    new = {t: bound.start for t, bound in bounds.items() if t not in before.positions}
    cut = {topic for topic, start in new.items() if start > 0}
    topics = {**before.world.topics, **world.topics}
    return replace(
        before,
        world=World(world.cluster, topics),
        positions={**before.positions, **new},
        truncated=before.truncated | cut,
    )


def _same_world(stored: World, found: World) -> None:
    if stored.cluster != found.cluster:
        raise WorldError(f"The store is of cluster {stored.cluster}, this is {found.cluster}.")
    for topic, known in stored.topics.items():
        if topic in found.topics and found.topics[topic] != known:
            raise WorldError(
                f"The topic {topic} was deleted and made anew since the store read it."
            )


def _same_place(progress: Progress, topic: str, bound: Bounds) -> None:
    where = f"{topic}, partition {progress.partition}"
    position = progress.positions.get(topic)
    if bound.epoch > progress.epoch:
        raise WorldError(
            f"{where}: the group was in epoch {bound.epoch},"
            f" the store is in {progress.epoch}. {RAISE}"
        )
    # What a group commits is a stored position: to find more than is stored is to find an old
    # store. A raised epoch begins anew, so what the epoch before it committed does not count.
    if bound.epoch == progress.epoch and bound.committed > (position or 0):
        raise WorldError(
            f"{where}: the group has committed {bound.committed},"
            f" the store knows {position if position is not None else 'nothing'}. {RAISE}"
        )
    if position is None:
        return
    if bound.end < position:
        raise WorldError(f"{where} ends at {bound.end}, before the store's progress {position}.")
    if bound.start > position:
        raise WorldError(
            f"{where} starts at {bound.start}, beyond the store's progress {position}:"
            " records were deleted before they were read."
        )
