"""What a worker counts, for Prometheus. Labels are names of stages, topics and codes."""

from __future__ import annotations

from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Meters:
    """One worker's metrics: made once, for one registry."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.events: Final = Counter(
            "kinbridge_events_total", "Records dealt with", ("stage",), registry=registry
        )
        self.decisions: Final = Counter(
            "kinbridge_decisions_total", "Decisions", ("stage", "reason"), registry=registry
        )
        self.dead: Final = Counter(
            "kinbridge_dead_letters_total", "Dead letters", ("stage", "reason"), registry=registry
        )
        self.turn_size: Final = Histogram(
            "kinbridge_turn_records",
            "Records of a turn",
            ("stage",),
            buckets=_SIZES,
            registry=registry,
        )
        self.turn_seconds: Final = Histogram(
            "kinbridge_turn_seconds",
            "Seconds of a turn, sending included",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.repeats: Final = Counter(
            "kinbridge_sequence_repeats_total",
            "Records dropped as repeats",
            ("stage",),
            registry=registry,
        )
        self.gaps: Final = Gauge(
            "kinbridge_sequence_gaps",
            "Sources whose next record is late",
            ("stage",),
            registry=registry,
        )
        self.unsent: Final = Gauge(
            "kinbridge_outbox_rows",
            "Rows of the outbox not yet acknowledged",
            ("stage",),
            registry=registry,
        )
        self.time_age: Final = Gauge(
            "kinbridge_stage_time_age_seconds",
            "How old the time of a partition is",
            ("stage", "partition"),
            registry=registry,
        )
        self.stale: Final = Gauge(
            "kinbridge_stale_sources",
            "Sources that hold time back",
            ("stage",),
            registry=registry,
        )
        self.paused: Final = Gauge(
            "kinbridge_paused_partitions",
            "Partitions that wait for a person",
            ("stage", "why"),
            registry=registry,
        )
        self.races: Final = Counter(
            "kinbridge_lost_turns_total",
            "Turns thrown away",
            ("stage", "why"),
            registry=registry,
        )
        self.tasks: Final = Counter(
            "kinbridge_tasks_total", "Tasks performed", ("stage",), registry=registry
        )
