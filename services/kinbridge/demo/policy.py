"""The policy of a demonstration: the shipped one, with its waiting cut short, and said so.

A team that waits for an alert to settle waits minutes; who looks on does not. Nothing else of
the policy differs: recipients, thresholds and grounds are those of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Shortened:
    """A policy for a demonstration, and in plain words what differs from the shipped one."""

    policy: dict[str, Any]
    differences: tuple[str, ...]


def shorten(policy: dict[str, Any], today: date) -> Shortened:
    """Give the policy without settling. A ground that begins after today begins today.

    Nobody is told by webhook: there is no case system behind a demonstration.
    """
    settling = policy["clocks"]["settle_minutes"]
    none = {arm: dict.fromkeys(minutes, 0) for arm, minutes in settling.items()}
    bases = [_in_force(basis, today) for basis in policy["bases"]]
    changed = {
        **policy,
        "policy_date": min(policy["policy_date"], today),
        "clocks": {**policy["clocks"], "settle_minutes": none},
        "bases": bases,
        "subscriptions": [],
    }
    return Shortened(changed, tuple(_differences(policy, changed)))


def write_shortened(folder: Path, into: Path, today: date) -> tuple[str, ...]:
    """Write each partnership file shortened into another folder. Gives what differs."""
    into.mkdir(parents=True, exist_ok=True)
    said: dict[str, None] = {}
    for path in sorted(folder.glob("*.yaml")):
        shortened = shorten(yaml.safe_load(path.read_text(encoding="utf-8")), today)
        text = yaml.safe_dump(shortened.policy, sort_keys=False, allow_unicode=True)
        (into / path.name).write_text(text, encoding="utf-8")
        said |= dict.fromkeys(shortened.differences)
    return tuple(said)


def _in_force(basis: dict[str, Any], today: date) -> dict[str, Any]:
    begins = basis["valid_from"]
    return basis if begins is None else {**basis, "valid_from": min(begins, today)}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    settled = before["clocks"]["settle_minutes"].values()
    longest = max(minutes for by_urgency in settled for minutes in by_urgency.values())
    if longest:
        yield f"items are said at once; the policy lets them settle for up to {longest} minutes"
    if before.get("subscriptions"):
        yield "no case system is told by webhook"
    if before["bases"] != after["bases"]:
        yield "grounds that begin later are taken as in force today"
