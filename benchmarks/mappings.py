"""The other formats of the NHS: from bytes to events, beside reading all of them as FHIR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.patient import Patient

from benchmarks import nhs_records
from benchmarks.births import in_turns
from benchmarks.figures import Figure, Part, Table, short
from benchmarks.people import nhs_number
from kinbridge.mapping.routes import ROUTES
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import ANSWER

FHIR: Final = "application/fhir+json"

METHOD: Final = """\
Made-up records, from the bytes received to the events said: read, mapped, and encoded for the \
topic; the column before leaves the encoding out. Beside it the same resource read into the \
full models of fhir.resources, which is only the reading. Milliseconds of processor time a \
record, the middle one of nine batches, in one thread, the ways in turns. HL7 v2 is no FHIR: \
it stands alone."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a route, and how it is read whole; None where that is not FHIR."""

    name: str
    what: str
    route: str
    content: bytes
    content_type: str = FHIR
    full: Callable[[], object] | None = None

    def mapped(self) -> Mapped:
        """Map it once. Raises UnreadableError where nothing comes of it."""
        found = ROUTES[self.route](self._received, _GIVEN)
        if not found.events:
            raise UnreadableError("nothing-mapped")
        return found

    @property
    def _received(self) -> Received:
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
            full=lambda: Bundle.model_validate_json(signal),
        ),
        Record(
            "pds", "PDS patient", "pds-patient", nhs_records.answer_about(number), ANSWER,
            full=lambda: Patient.model_validate_json(patient),
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
    rows, figures = [], []
    for record in records():
        mapping, said, full = _measured(record, 100 if quick else 400)
        figures.append(Figure(f"mapping/{record.name}", said, "ms"))
        ratio = ""
        if full is not None:
            figures.append(Figure(f"mapping/{record.name}/ratio", full / said, "x"))
            ratio = f"{full / said:.0f} x"
        rows.append(
            (
                record.what,
                f"{len(record.content):,}",
                f"{mapping:.3f}",
                f"{said:.3f}",
                short(full) if full is not None else "",
                ratio,
            )
        )
    head = ("record", "bytes", "mapped, ms", "to events, ms", "full models, ms", "ratio")
    table = Table("One record of each format", head, tuple(rows))
    return Part("Other formats of the NHS", METHOD, tuple(figures), (table,))


def _measured(record: Record, once: int) -> tuple[float, float, float | None]:
    """Give the milliseconds of mapping, of mapping and writing, and of the full models."""
    writer = codec()

    def maps() -> None:
        record.mapped()

    def says() -> None:
        for event in record.mapped().events:
            writer.encode(event)

    mapping, _ = in_turns(maps, says, once)
    if record.full is None:
        said, _ = in_turns(says, maps, once)
        return mapping, said, None
    full = record.full

    def reads() -> None:
        full()

    said, read = in_turns(says, reads, once)
    return mapping, said, read
