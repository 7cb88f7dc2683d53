"""On what terms providers' records are searched for recent care: part of a partnership file.

Asking a provider tells it that the authority knows the child. So it is a share like any other:
it has a ground for each standing, a tier, and nobody is asked about whom the file leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from kinbridge.partnership.terms import BasisCode, Standing
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.vocabulary import DisclosureTier

Resource = Literal["Appointment", "Encounter"]
Whose = Literal["child", "mother-of-unborn", "main-carer"]

CARE_NEEDED: Final[frozenset[Standing]] = frozenset(
    {"unborn", "looked-after", "protection", "child-in-need", "family-help"}
)
"""In which standings a provider may be asked: each needs a ground."""


class CareTerms(Value):
    """Which servers are asked, about whom, how far back, and for what at which tier.

    `servers` are names of the file of sources; without any nobody is asked. `months` is how far
    back. `tier` holds while there is a plan, an open s47 or the child is looked after,
    `tier_otherwise` for every other open case. At EXISTENCE a server is only asked whether
    there is anything; about a main carer never more than that. `resources` says what is
    searched at each tier: an empty list asks for nothing.
    """

    servers: tuple[Code, ...] = ()
    months: Annotated[int, Field(ge=1, le=24)]
    whose: Annotated[tuple[Whose, ...], Field(min_length=1)]
    tier: DisclosureTier
    tier_otherwise: DisclosureTier
    resources: Mapping[DisclosureTier, tuple[Resource, ...]]
    basis: Mapping[Standing, BasisCode]

    @model_validator(mode="after")
    def _whole(self) -> CareTerms:
        if len(set(self.servers)) != len(self.servers):
            raise ValueError("a server stands twice")
        if missing := set(DisclosureTier) - set(self.resources):
            raise ValueError(f"resources: {min(missing)} is missing")
        return self
