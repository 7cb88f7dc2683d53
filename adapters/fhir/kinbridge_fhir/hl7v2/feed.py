"""What one trust's messages mean beyond the standard: its own codes, as its people wrote them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from kinbridge_fhir.attendance import Local, Meaning, read_local
from kinbridge_fhir.hl7v2.codes import PATIENT_CLASSES, PatientClass
from kinbridge_schemas.base import Value
from kinbridge_schemas.events.care import PresentationGroup
from kinbridge_schemas.vocabulary import Provider, Service

LocalCode = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, to_upper=True)
]
"""A code of the trust's own, in any case of letters."""


class FeedCodes(Value):
    """The local code tables of one feed. What is not named has the standard's meaning.

    - `patient_classes`: PV1-2 to `emergency`, `inpatient`, `outpatient` or `pre-admission`.
    - `services`: a code of specialty, appointment type or clinic (PV1-10, AIS-3, SCH-8, AIL-3.1,
      PV1-3.1) to a service.
    - `attendance`: a code of SCH-25 or SCH-6 to what it says of an appointment, in the words of
      `kinbridge_fhir.attendance.Meaning`.
    - `presentations`: a code of PV2-3.1 to `injury`, `self-harm` or `other`.
    - `provider`: who gives the care; without it, the ODS code in MSH-4.
    - `appointment_number`: the field that holds the same number in every message about one
      appointment. `PV1-19` also ties an arrival (A04) to its appointment.
    - `numbers_traced`: the trust confirms that every NHS number it sends is traced. Else a merge
      of records is told only where PID-32 says so.
    """

    patient_classes: dict[LocalCode, PatientClass] = Field(default_factory=dict)
    services: dict[LocalCode, Service] = Field(default_factory=dict)
    attendance: dict[LocalCode, Meaning] = Field(default_factory=dict)
    presentations: dict[LocalCode, PresentationGroup] = Field(default_factory=dict)
    provider: Provider | None = None
    appointment_number: Literal["SCH-1", "SCH-2", "PV1-19"] = "SCH-1"
    numbers_traced: bool = False

    @field_validator("services", "presentations")
    @classmethod
    def _known_words(
        cls, found: dict[str, Service | PresentationGroup]
    ) -> dict[str, Service | PresentationGroup]:
        # These lists are open to readers of events; who writes a file should hear of a slip.
        if any(word.value == "unknown" for word in found.values()):
            raise ValueError("a code is given a word that is not in the list")
        return found

    @property
    def local_attendance(self) -> Local:
        return read_local(self.attendance)

    def patient_class(self, code: str) -> PatientClass | None:
        """Give what a patient class means; None for one that nobody listed."""
        said = code.upper()
        return self.patient_classes.get(said) or PATIENT_CLASSES.get(said)

    def fingerprint(self) -> str:
        """Eight characters that change with any of these tables."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=4).hexdigest()


STANDARD = FeedCodes()
"""A feed without codes of its own."""
