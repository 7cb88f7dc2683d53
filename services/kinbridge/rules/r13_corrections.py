"""R13: what was said and holds no longer is taken back from everybody who had it. Pure.

Rules give their own reasons while they still see the thing. Here is what is left: a concern
that was said and that no rule sees any more, because its fact was retracted or linked to the
wrong child, or a verified fact corrects it. A correction has no exception for closed cases,
changed teams or disclosure risks: it follows the alarm. It never ends a plan or its clocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kinbridge.rules.finding import SILENT, verified, verified_reason
from kinbridge.rules.picture import View

_BY_FATE: Final = {"retracted": "retracted-by-source", "unlinked": "linked-in-error"}

_SENTENCES: Final = {
    "attended-elsewhere": "The appointment was attended elsewhere.",
    "care-transferred": "Care had moved to another provider.",
    "provider-error": "The record of the provider was wrong.",
    "admitted-that-day": "The mother was in hospital that day.",
    "in-hospital-that-day": "The mother was in hospital that day.",
    "born-by-then": "The baby was born by then.",
    "attended": "The appointment was attended.",
    "cancelled-by-provider": "The provider had cancelled the appointment.",
    "cancelled-by-patient": "The appointment had been cancelled.",
    "rebooked": "The appointment had been moved.",
    "wrong-person": "It was not about this person.",
    "linked-in-error": "It was not about this child.",
    "retracted-by-source": "Its source took it back.",
    "corrected-by-source": "Its source corrected it.",
}
_SILENT_SENTENCE: Final = "This no longer applies. Please speak to the health lead."


def reason_of_absence(view: View, concern: str, facts: Iterable[str]) -> str:
    """Why a concern that was said is found no longer."""
    found = correction(view, concern, facts)
    return found or SILENT


def correction(view: View, concern: str, facts: Iterable[str]) -> str | None:
    """What takes a concern back that no rule looks at now; None where nothing does."""
    facts = tuple(facts)
    corrected = verified(view, concern, *facts)
    if corrected is not None:
        return verified_reason(corrected[1])
    for fact in facts:
        fate = view.picture.fate(fact)
        if fate in _BY_FATE:
            return _BY_FATE[fate]
    return None


def sentence(reason: str) -> str:
    """The correction in plain words; one text for all reasons that are not said."""
    known = _SENTENCES.get(reason)
    return f"An earlier alert no longer applies. {known}" if known else _SILENT_SENTENCE
