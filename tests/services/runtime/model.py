"""What the three counting stages must come to: worked out from the input alone, with no engine."""

from __future__ import annotations

from collections.abc import Iterable

from tests.services.runtime.counting import Count, fingerprint, next_key


def expected_states(numbers: Iterable[int], keys: int) -> dict[str, dict[str, Count]]:
    """Give the final state of every key of every stage, each input having counted once."""
    totals: dict[str, dict[str, tuple[int, int]]] = {"one": {}, "two": {}, "three": {}}
    for number in numbers:
        for stage, key in (
            ("one", f"key-{number % keys}"),
            ("two", next_key(number, "one")),
            ("three", next_key(number, "two")),
        ):
            count, total = totals[stage].get(key, (0, 0))
            totals[stage][key] = (count + 1, (total + fingerprint(f"n{number}")) % 2**53)
    return {
        stage: {key: Count(count=c, fingerprint=f) for key, (c, f) in found.items()}
        for stage, found in totals.items()
    }
