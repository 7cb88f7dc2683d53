"""What a case system sends to `POST /cases/{system}/events`: one event, closed and typed.

`data` holds the fields of the kind of event named by `type`. Ids in it are the case system's
own; they never travel further as they are. Dates may stand without a time; times need a zone.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from kinbridge_schemas.identifiers import AuthorityCode

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
When = Annotated[str, StringConstraints(min_length=4, max_length=40)]


class Sent(BaseModel):
    """Closed, and errors show no value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SentChild(Sent):
    """The child, by the authority's own id. An unborn child has one too, and `edd`."""

    la_child_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
    nhs_number: Annotated[str, StringConstraints(max_length=20)] | None = None
    name: Name | None = None
    born: When | None = None
    edd: When | None = None
    unborn: bool = False

    @property
    def is_unborn(self) -> bool:
        return self.unborn or (self.edd is not None and self.born is None)


class SentPerson(Sent):
    """Somebody else whom the event names, and who they are to the child."""

    role: Literal["mother", "father", "parent", "carer", "sibling", "other"]
    person_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
    nhs_number: Annotated[str, StringConstraints(max_length=20)] | None = None
    name: Name | None = None
    born: When | None = None
    main_carer: bool = False


class SentEvent(Sent):
    """One event of a case system.

    `id` is the case system's id of the record: sent again with a higher `version` it is a
    later account, and with `retract` it never was so. `recorded` is when the case system
    recorded it, `occurred` when it was so; `precision` says how exact a time that stands for a
    date is, and is else taken from how `occurred` is written.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
    recorded: When
    occurred: When
    precision: Literal["instant", "day", "month", "year"] | None = None
    version: Annotated[int, Field(ge=0, le=10**15)] = 0
    retract: bool = False
    authority: AuthorityCode
    child: SentChild
    people: Annotated[tuple[SentPerson, ...], Field(max_length=12)] = ()
    data: dict[str, JsonValue] = {}
