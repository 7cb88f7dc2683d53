"""How a worker ends: each way has its own code, so that whoever restarts it can tell."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of a worker."""

    STOPPED = 0
    HOLE = 80
    """Records kept coming beyond the one that must come next."""
    RACE = 81
    """The progress kept being moved by others."""
    BUG = 82
    """A fault of ours outside a stage's decision."""
    UNDELIVERED = 83
    """Kafka did not take the outputs in time. They are in the outbox."""
    WORLD = 84
    """The store belongs to another cluster, other topics or another time."""
    TOPICS = 85
    """A topic is missing, or not as topics.yaml says."""
    STORE = 86
    """The database stayed away."""
    BROKER = 87
    """Kafka went away, or refused, in a way that only a new start mends."""


class WorldError(Exception):
    """The store and the cluster do not belong together. The text says what to do."""


class TopicsMissingError(Exception):
    """A topic is missing, or has another partition count. The text names it."""
