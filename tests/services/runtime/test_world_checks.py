"""A store goes on only in its own world, at its own time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kinbridge.runtime.exits import WorldError
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.world import Bounds, begun

HERE = World("cluster-a", {"heads": "topic-1"})
STORED = Progress(3, HERE, version=9, epoch=2, positions={"heads": 50})


def test_a_partition_never_read_begins_where_its_log_does() -> None:
    found = begun(3, None, HERE, {"heads": Bounds(0, 10), "ones": Bounds(7, 9)})

    assert found.positions == {"heads": 0, "ones": 7}
    assert found.truncated == {"ones"}


def test_progress_in_the_same_world_is_as_it_was() -> None:
    assert begun(3, STORED, HERE, {"heads": Bounds(0, 50, committed=40, epoch=2)}) == STORED


@pytest.mark.parametrize(
    ("world", "bounds", "says"),
    [
        pytest.param(World("b"), Bounds(0, 90), "is of cluster", id="another cluster"),
        pytest.param(
            World("cluster-a", {"heads": "topic-2"}), Bounds(0, 90), "made anew", id="new topic"
        ),
        pytest.param(HERE, Bounds(0, 49), "ends at 49", id="the log ends before"),
        pytest.param(HERE, Bounds(51, 90), "starts at 51", id="the log starts beyond"),
        pytest.param(
            HERE, Bounds(0, 90, committed=51, epoch=2), "has committed 51", id="an older store"
        ),
        pytest.param(
            HERE, Bounds(0, 90, committed=10, epoch=3), "epoch 3", id="a store of an older epoch"
        ),
    ],
)
def test_another_world_is_told(world: World, bounds: Bounds, says: str) -> None:
    with pytest.raises(WorldError, match=says):
        begun(3, STORED, world, {"heads": bounds})


def test_a_raised_epoch_does_not_mind_what_the_last_one_committed() -> None:
    raised = replace(STORED, epoch=3)

    assert begun(3, raised, HERE, {"heads": Bounds(0, 90, committed=80, epoch=2)}) == raised


def test_an_empty_store_beside_a_group_that_has_read_is_told() -> None:
    with pytest.raises(WorldError, match="the store knows nothing"):
        begun(3, None, HERE, {"heads": Bounds(0, 90, committed=12, epoch=1)})


def test_the_embedded_broker_knows_no_topic_ids_and_is_told_by_its_cluster() -> None:
    bare = World("mockCluster1")

    assert begun(0, None, bare, {"heads": Bounds(0, 0)}).world == bare
