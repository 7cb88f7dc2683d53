"""The judge: knows what was put in, and nothing of the engine.

It reads the topics back to their ends and the tables as they stand, and compares them with a
model that is worked out from the input alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.faults.rig import NAMES, Rig, headers_of, is_clock
from tests.faults.stores import states_of
from tests.services.runtime.model import expected_states


def judge(rig: Rig, *, by_one_only: Sequence[int] = ()) -> dict[str, int]:
    """Raise AssertionError unless nothing was lost, counted twice or said otherwise twice.

    `by_one_only` was counted by the first stage and went no further. Gives how many
    identical repeats there were in each topic.
    """
    expected = expected_states(rig.numbers, rig.keys)
    expected["one"] = expected_states([*rig.numbers, *by_one_only], rig.keys)["one"]
    for name in NAMES:
        found = states_of(rig, name)
        keys = expected[name].keys() | found
        wrong = {key for key in keys if expected[name].get(key) != found.get(key)}
        assert not wrong, f"{name}: {len(wrong)} of {len(expected[name])} states are wrong"
    distinct = len(rig.numbers)
    return {name: _judge_topic(rig, name, distinct) for name in ("ones", "twos", "threes")}


def _judge_topic(rig: Rig, name: str, distinct: int) -> int:
    said: dict[bytes, set[tuple[Any, ...]]] = defaultdict(set)
    numbers: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
    facts = 0
    for message in rig.records(name):
        headers = headers_of(message)
        numbers[headers["src"], message.partition() or 0].add(headers["seq"])
        if is_clock(message):
            continue
        facts += 1
        whole = (message.key(), message.value(), message.partition(), *sorted(headers.items()))
        said[headers["ce_id"]].add(whole)
    differing = [i for i, bodies in said.items() if len(bodies) > 1]
    assert not differing, f"{name}: {len(differing)} ids with more than one body"
    assert len(said) == distinct, f"{name}: {len(said)} said, not {distinct}"
    for at, given in numbers.items():
        assert given == {str(n).encode() for n in range(len(given))}, f"{name}: {at} not dense"
    return facts - len(said)
