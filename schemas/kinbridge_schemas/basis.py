"""The lawful basis of a share: dated configuration, printed on every alert."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from kinbridge_schemas.base import Value

_Said = Annotated[str, StringConstraints(min_length=3, max_length=400, strip_whitespace=True)]


class LawfulBasis(Value):
    """On what ground something is shared. Every field is needed: a missing one stops the start.

    Sources: UK GDPR Articles 6 and 9; Data Protection Act 2018 Schedule 1; the statutes named
    in `statutory_power`; common law of confidentiality. The wording is the partnership's own.
    """

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,6}$")]
    purpose: _Said
    statutory_power: _Said
    gdpr_art6: _Said
    gdpr_art9: _Said
    dpa_schedule: _Said
    confidentiality_ground: _Said
    why_no_consent: _Said
    appropriate_policy_document: _Said
    valid_from: date
    valid_to: date | None = None
    policy_version: _Said

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)
