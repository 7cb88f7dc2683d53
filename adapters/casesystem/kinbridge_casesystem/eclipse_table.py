"""What the words of one authority's Eclipse stand for. Closed.

Classifications, forms and types of relationship are each authority's own. What is not in its
table is not understood and ends so: nothing is guessed of a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, StringConstraints

from kinbridge_casesystem.child import AssessmentKind, RelationWord
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.vocabulary import RoleCode

T = TypeVar("T")

Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Worker = Literal[
    "allocated_worker", "key_worker", "lead_professional", "primary_worker", "care_manager"
]


class ClassificationMeans(Value):
    """A classification that is a state of a child: it begins and ends with the assignment.

    `category` is of a protection plan (NEG, PHY, SAB, EMO, MUL), `legal_status` an SSDA903
    code. `adoption` says that the child is placed for adoption or adopted.
    """

    gives: Literal["cp-plan", "cin-plan", "looked-after", "s47", "adoption"]
    category: Literal["NEG", "PHY", "SAB", "EMO", "MUL"] | None = None
    legal_status: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]$")] | None = None


class FormMeans(Value):
    """A form that says that something was done. An assessment ends when its form is complete.

    A strategy discussion was held, and an enquiry, contact or referral began, on the day of
    the activity; where the form has none, on the day that it was started.
    """

    gives: Literal["assessment", "strategy-discussion", "s47", "contact", "referral"]
    of_kind: AssessmentKind = "child-and-family"


class RelationshipMeans(Value):
    """Who the person in each role is to the other: `{a: parent, b: child}`."""

    a: RelationWord | Literal["child"]
    b: RelationWord | Literal["child"]


_WORKERS: Final[dict[Worker, RoleCode]] = {"allocated_worker": "allocated_social_worker"}


class EclipseTable(Value):
    """The table of one authority.

    `subscriptions` give the type of notification of each subscription, by its id, where the
    body does not say it. `child_by` is the field that other feeds of the authority know a
    child by. Paths of classifications and names of forms may be patterns, as `CP.*`; the first
    that fits counts. `workers` are the flags of a professional relationship and the role that
    each stands for; `team_role` is the role of a team that holds the case, and `teams` are our
    codes of teams, by Eclipse's id. `end_reasons` are SSDA903 codes of the end of care, by
    Eclipse's reason.
    """

    child_by: Literal["id", "person_identifier"] = "id"
    subscriptions: dict[Words, Words] = Field(default_factory=dict)
    classifications: dict[Words, ClassificationMeans] = Field(default_factory=dict)
    forms: dict[Words, FormMeans] = Field(default_factory=dict)
    relationships: dict[Words, RelationshipMeans] = Field(default_factory=dict)
    workers: dict[Worker, RoleCode] = Field(default_factory=lambda: dict(_WORKERS))
    team_role: RoleCode = "allocated_team"
    teams: dict[Words, Code] = Field(default_factory=dict)
    end_reasons: dict[
        Words, Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{1,2}[A-Z]?$")]
    ] = Field(default_factory=dict)


def fitting(table: Mapping[str, T], text: str) -> T | None:
    """Give what stands for a text, by itself or by the first pattern that it fits."""
    if text in table:
        return table[text]
    return next((means for words, means in table.items() if fnmatchcase(text, words)), None)
