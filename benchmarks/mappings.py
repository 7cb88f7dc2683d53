"""The other formats of the NHS: from bytes to events, beside reading all of them as FHIR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.patient import Patient

from benchmarks import nhs_records
from benchmarks.births import in_turns
from benchmarks.figures import Figure, Part, Table, short
from benchmarks.people import nhs_number
from kinbridge.mapping.routes import ROUTES
from kinbridge_fhir.mns import read_signal
from kinbridge_fhir.pds_record import Patient as Demographics
from kinbridge_fhir.thin import parsed, read_object
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import ANSWER

FHIR: Final = "application/fhir+json"

METHOD: Final = """\
Made-up records. "Read" is taking out of the bytes what is needed of them; "mapped" is from the \
bytes to the events, which is what a goal is held to; "written" encodes these for the topic as \
well. Beside them the same resource is read into the full models of fhir.resources, which is \
only the reading. Milliseconds of processor time a record, the middle one of nine batches, in one \
thread, the ways in turns. HL7 v2 is no FHIR: it stands alone."""


@dataclass(frozen=True)
class Record:
    """One record of a route, how we read it, and how all of it is read; None: it is no FHIR."""

    name: str
    what: str
    route: str
    content: bytes
    content_type: str = FHIR
    full: Callable[[], object] | None = None
    read: Callable[[], object] | None = None

    def mapped(self) -> Mapped:
        """Map it once. Raises UnreadableError where nothing comes of it."""
        found = ROUTES[self.route](self.received, _GIVEN)
        if not found.events:
            raise UnreadableError("nothing-mapped")
        return found

    @cached_property
    def received(self) -> Received:
        return Received(
            id="received-1",
            content=self.content,
            content_type=self.content_type,
            source="example-trust",
            route=self.route,
        )


_GIVEN: Final = Given(Pseudonymiser(b"benchmarks" * 4), nhs_records.WHEN)


def records() -> tuple[Record, ...]:
    """Give one record of each format."""
    number = nhs_number(2)
    signal, patient = nhs_records.signal(number), nhs_records.patient(number)
    missed = nhs_records.missed_appointment(number)
    return (
        Record(
            "mns", "MNS signal", "mns-signal", signal,
            full=lambda: Bundle.model_validate_json(signal), read=lambda: read_signal(signal),
        ),
        Record(
            "pds", "PDS patient", "pds-patient", nhs_records.answer_about(number), ANSWER,
            full=lambda: Patient.model_validate_json(patient),
            read=lambda: parsed(Demographics, read_object(patient)),
        ),
        Record(
            "appointment", "FHIR message, an appointment", "fhir-message", missed,
            full=lambda: Bundle.model_validate_json(missed),
        ),
        Record(
            "hl7v2", "HL7 v2, an arrival", "hl7v2", nhs_records.arrival(number),
            "application/hl7-v2",
        ),
    )  # fmt: skip


def bench(*, quick: bool) -> Part:
    """Measure each record."""
    once = 100 if quick else 400
    rows, figures = [], []
    for record in records():
        ways = {"read": record.read, "mapped": record.mapped, "written": _written(record)}
        found = {name: _beside(way, record, once) for name, way in ways.items() if way}
        mapped, full = found["mapped"]
        figures.append(Figure(f"mapping/{record.name}", mapped, "ms"))
        ratio = ""
        if record.full is not None:
            figures.append(Figure(f"mapping/{record.name}/ratio", full / mapped, "x"))
            ratio = f"{full / mapped:.0f} x"
        shown = (f"{found[name][0]:.3f}" if name in found else "" for name in ways)
        whole = short(full) if record.full is not None else ""
        rows.append((record.what, f"{len(record.content):,}", *shown, whole, ratio))
    head = ("record", "bytes", "read, ms", "mapped, ms", "written, ms", "full models, ms", "ratio")
    table = Table("One record of each format", head, tuple(rows))
    return Part("Other formats of the NHS", METHOD, tuple(figures), (table,))


def _written(record: Record) -> Callable[[], object]:
    writer = codec()
    return lambda: [writer.encode(event) for event in record.mapped().events]


def _beside(way: Callable[[], object], record: Record, once: int) -> tuple[float, float]:
    """Give the milliseconds of a way, and of the full models; of a record without: nothing."""
    full = record.full if record.full is not None else way
    return in_turns(lambda: _done(way), lambda: _done(full), once)


def _done(work: Callable[[], object]) -> None:
    work()
