"""What one trust's messages mean beyond the standard: its own codes, as its people wrote them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from kinbridge_fhir.feed import LocalCode, LocalCodes
from kinbridge_fhir.hl7v2.codes import PATIENT_CLASSES, PatientClass
from kinbridge_schemas.events.care import PresentationGroup
from kinbridge_schemas.vocabulary import Provider


class FeedCodes(LocalCodes):
    """The local code tables of one feed. What is not named has the standard's meaning.

    - `patient_classes`: PV1-2 to `emergency`, `inpatient`, `outpatient` or `pre-admission`.
    - `services`: a code of specialty, appointment type or clinic (PV1-10, AIS-3, SCH-8, AIL-3.1,
      PV1-3.1) to a service.
    - `attendance`: a code of SCH-25 or SCH-6, or an SIU event of the trust's own (`Z02`), to what
      it says of an appointment, in the words of `kinbridge_fhir.attendance.Meaning`.
    - `dictionary_outcomes`: SCH-25 and SCH-6 hold codes of the NHS Data Dictionary's ATTENDED OR
      DID NOT ATTEND. It is not assumed: there are trusts whose 3 is attended and 5 is not.
    - `presentations`: a code of PV2-3.1 to `injury`, `self-harm` or `other`.
    - `provider`: who gives the care; without it, the ODS code in MSH-4.
    - `appointment_number`: the field that holds the same number in every message about one
      appointment. `PV1-19` also ties an arrival (A04) to its appointment.
    - `numbers_traced`: the trust confirms that every NHS number it sends is traced. Else a merge
      of records is told only where PID-32 says so.
    """

    patient_classes: dict[LocalCode, PatientClass] = Field(default_factory=dict)
    dictionary_outcomes: bool = False
    presentations: dict[LocalCode, PresentationGroup] = Field(default_factory=dict)
    provider: Provider | None = None
    appointment_number: Literal["SCH-1", "SCH-2", "PV1-19"] = "SCH-1"
    numbers_traced: bool = False

    @field_validator("presentations")
    @classmethod
    def _known_words(cls, found: dict[str, PresentationGroup]) -> dict[str, PresentationGroup]:
        if PresentationGroup.UNKNOWN in found.values():
            raise ValueError("a code is given a word that is not in the list")
        return found

    def patient_class(self, code: str) -> PatientClass | None:
        """Give what a patient class means; None for one that nobody listed."""
        said = code.upper()
        return self.patient_classes.get(said) or PATIENT_CLASSES.get(said)


STANDARD = FeedCodes()
"""A feed without codes of its own."""
