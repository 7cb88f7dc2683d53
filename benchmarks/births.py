"""A birth notification: from XML to events, beside what reading all of it as FHIR costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time
from typing import Final

from fhir.resources.STU3.bundle import Bundle

from benchmarks.birth_message import birth_message
from benchmarks.figures import Figure, Part, Table, median, short
from benchmarks.ground import ROOT
from benchmarks.people import nhs_number
from benchmarks.profiles import profiled
from kinbridge_fhir import FhirMessages
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

SAMPLES: Final = ROOT.parent / "shared" / "samples" / "nhs" / "nems-stu3"
BATCHES: Final = 9
NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

METHOD: Final = """\
One notification, from the bytes received to the events said: read, mapped, and encoded for the \
topic. Beside it the same bytes read into the full STU3 models of fhir.resources, which is only \
the reading. Milliseconds of processor time a message, the middle one of nine batches, in one \
thread. The made-up message is the one that counts; official samples are shown where they are."""


def bench(*, quick: bool) -> Part:
    """Measure the made-up message, and the official ones where they are."""
    messages = {"made up": birth_message(1, nhs_number(0), nhs_number(1))}
    for path in sorted(SAMPLES.glob("Birth*.xml")):
        messages[path.stem] = path.read_bytes()
    rows = []
    figures: list[Figure] = []
    for name, content in messages.items():
        ours, full = measured(content, quick=quick)
        rows.append(
            (name, f"{len(content):,}", f"{ours:.3f}", short(full), f"{full / ours:.0f} x")
        )
        if not figures:
            figures = [
                Figure("birth/mapped", ours, "ms"),
                Figure("birth/full", full, "ms"),
                Figure("birth/ratio", full / ours, "x"),
            ]
    head = ("message", "bytes", "to events, ms", "full models, ms", "ratio")
    table = Table("A NEMS birth notification", head, tuple(rows))
    made_up = messages["made up"]
    return Part("A birth notification", METHOD, tuple(figures), (table, where(made_up)))


def measured(content: bytes, *, quick: bool) -> tuple[float, float]:
    """Give the milliseconds of both ways."""

    def full() -> None:
        Bundle.model_validate_xml(content)

    return in_turns(to_events(content), full, 20 if quick else 100)


def in_turns(ours: Callable[[], None], full: Callable[[], None], once: int) -> tuple[float, float]:
    """Give the milliseconds of both, which a slow minute of the machine meets alike."""
    ours()
    full()
    pairs = [(_batch(ours, once), _batch(full, max(2, once // 20))) for _ in range(BATCHES)]
    return median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])


def where(content: bytes) -> Table:
    """Show where the time of our way goes."""
    ours = to_events(content)

    def many() -> None:
        for _ in range(100):
            ours()

    return profiled("a birth to events", many)


def to_events(content: bytes) -> Callable[[], None]:
    """Give our way from these bytes to the bytes of the events."""
    received = Received(
        id="received-1",
        content=content,
        content_type="application/fhir+xml",
        source="nems",
        route="fhir-message",
    )
    given = Given(Pseudonymiser(b"benchmarks" * 4), NOW)
    adapter, writer = FhirMessages(), codec()

    def ours() -> None:
        mapped = adapter(received, given)
        if not mapped.events and not mapped.ends:
            raise UnreadableError("nothing-mapped")
        for event in mapped.events:
            writer.encode(event)

    return ours


def _batch(work: Callable[[], None], times: int) -> float:
    """Give the milliseconds of processor time that once takes."""
    began = process_time()
    for _ in range(times):
        work()
    return (process_time() - began) / times * 1_000
