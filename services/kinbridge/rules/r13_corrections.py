"""R13: what was said and holds no longer is taken back from everybody who had it. Pure.

Rules give their own reasons while they still see the thing. Here is what is left: a concern
that was said and that no rule sees any more, because its fact was retracted or linked to the
wrong child, or a verified fact corrects it. A correction has no exception for closed cases,
changed teams or disclosure risks: it follows the alarm. It never ends a plan or its clocks.
"""

from __future__ import annotations

from typing import Final

from kinbridge.rules.finding import SILENT, verified, verified_reason
from kinbridge.rules.picture import Account
from kinbridge.rules.view import View
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.contact import AssessmentStarted, PreBirthAssessmentRequired

_BY_FATE: Final = {"retracted": "retracted-by-source", "unlinked": "linked-in-error"}

_SENTENCES: Final = {
    "attended-elsewhere": "The appointment was attended elsewhere.",
    "care-transferred": "Care had moved to another provider.",
    "provider-error": "The record of the provider was wrong.",
    "admitted-that-day": "The mother was in hospital that day.",
    "in-hospital-that-day": "The mother was in hospital that day.",
    "born-by-then": "The baby was born by then.",
    "attended": "The appointment was attended.",
    "came-too-late": "The mother came, too late to be seen.",
    "cancelled-by-provider": "The provider had cancelled the appointment.",
    "cancelled-by-patient": "The appointment had been cancelled.",
    "rebooked": "The appointment had been moved.",
    "wrong-person": "It was not about this person.",
    "linked-in-error": "It was not about this child.",
    "retracted-by-source": "Its source took it back.",
    "corrected-by-source": "Its source corrected it.",
}
_SILENT_SENTENCE: Final = "This no longer applies. Please speak to the health lead."


TIMES: Final = frozenset(
    {
        "strategy_discussion_scheduled",
        "strategy_discussion_rescheduled",
        "meeting_scheduled",
    }
)
_BIRTHS: Final = frozenset({"birth_notified", "unborn_born"})


def facts_of(view: View, rule: str, about: str) -> tuple[str, ...]:
    """The facts on which a concern stands or falls."""
    facts = view.picture.facts
    if rule == "R3":
        return tuple(sorted(f for f, told in facts.items() if told[-1].detail.kind in _BIRTHS))
    if rule == "R2":
        return tuple(sorted(f for f, told in facts.items() if _assesses(told[-1], about)))
    if rule in {"R4", "R5"}:
        return tuple(sorted(f for f, told in facts.items() if _meets(told[-1], rule, about)))
    return (about,)


def _meets(account: Account, rule: str, about: str) -> bool:
    """Whether an account gave a meeting its time."""
    meeting: str | None = getattr(account.detail, "meeting_id", None)
    if meeting is None or account.detail.kind not in TIMES:
        return False
    return about == (meeting if rule == "R4" else derive_id("unanswered", meeting))


def _assesses(account: Account, assessment: str) -> bool:
    detail = account.detail
    if isinstance(detail, PreBirthAssessmentRequired | AssessmentStarted):
        return detail.assessment_id == assessment
    return False


def reason_of_absence(view: View, concern: str, rule: str, about: str) -> str:
    """Why a concern that was said is found no longer."""
    return correction(view, concern, rule, about) or SILENT


def correction(view: View, concern: str, rule: str, about: str) -> str | None:
    """What takes a concern back that no rule looks at now; None where nothing does."""
    facts = facts_of(view, rule, about)
    corrected = verified(view, concern, *facts)
    if corrected is not None:
        return verified_reason(corrected[1])
    fates = {view.picture.fate(fact) for fact in facts}
    return next((reason for fate, reason in _BY_FATE.items() if fate in fates), None)


def sentence(reason: str) -> str:
    """The correction in plain words; one text for all reasons that are not said."""
    known = _SENTENCES.get(reason)
    return f"An earlier alert no longer applies. {known}" if known else _SILENT_SENTENCE
