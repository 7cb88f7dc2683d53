"""What of a notification of OLM Eclipse is read: its delivery, and the resource that it tells of.

A resource has the shape of Eclipse's GraphQL schema (as seen in the DfE's SUI matcher, 2025).
What is not named here is not read and does not go on. A field that is missing says nothing; one
that is there and empty says so.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.alias_generators import to_camel


def _as_text(given: object) -> object:
    # An ID of GraphQL may be written as a number.
    return str(given) if type(given) is int else given


OlmId = Annotated[
    str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,35}$")
]
Text = Annotated[str, StringConstraints(max_length=200)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}$")]
When = Annotated[str, StringConstraints(min_length=4, max_length=40)]


class Olm(BaseModel):
    """Open to fields that are not read, and errors show no value."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, alias_generator=to_camel
    )

    def says(self, name: str) -> bool:
        """Whether a field is there, even if it is empty."""
        return name in self.model_fields_set


class Delivery(Olm):
    """What the headers say of one delivery, as the door puts it beside the body."""

    delivery_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
    event_time: When
    subscription_id: OlmId


class Subject(Olm):
    """Whom the resource is about, where it does not say so itself."""

    id: OlmId
    type: Word = "PERSON"


class Told(Olm):
    """The body. Where the subscription's type is known from settings it need not say it."""

    type: Word | None = None
    subject: Subject | None = None
    resource: dict[str, JsonValue] | None = None


class Notification(Olm):
    """One record of the route: the delivery, and the body as it was sent."""

    olm: Delivery
    body: dict[str, JsonValue]


class DateRange(Olm):
    """A date that may be known in part: the first and last day that it may be."""

    lower: When | None = None
    upper: When | None = None


class SecurityMetaData(Olm):
    secured: bool | None = None


class SecuredContext(Olm):
    subject_restricted_via_lock: bool | None = None


class Person(Olm):
    """A child, an unborn child, a parent, a carer or a professional: Eclipse has one kind."""

    typename: Annotated[Word | None, Field(alias="__typename")] = None
    id: OlmId
    person_identifier: OlmId | None = None
    nhs_number: Text | None = None
    name: Text | None = None
    forename: Text | None = None
    surname: Text | None = None
    gender: Word | None = None
    date_of_birth: DateRange | None = None
    date_of_birth_estimated: bool | None = None
    died_date: DateRange | None = None
    due_date: When | None = None
    life_state: Word | None = None
    duplicate_status: Word | None = None
    security_meta_data: SecurityMetaData | None = None
    secured_context: SecuredContext | None = None


class Location(Olm):
    postcode: Text | None = None


class Address(Olm):
    id: OlmId
    person: Person | None = None
    start_date: DateRange | None = None
    end_date: DateRange | None = None
    location: Location | None = None
    do_not_disclose: bool | None = None


class RelationshipType(Olm):
    class_: Annotated[Text, Field(alias="class")] = ""


class Relationship(Olm):
    """A relationship of two people. The flags name the role that each applies to."""

    id: OlmId
    relationship_kind: Word | None = None
    relationship_type: RelationshipType = RelationshipType()
    role_a_person: Person
    role_b_person: Person
    start_date: When | None = None
    close_date: When | None = None
    adoptive: bool | None = None
    step: bool | None = None
    in_law: bool | None = None
    main_carer: Word | None = None
    non_contact: Word | None = None
    restricted_contact: Word | None = None
    allocated_worker: Word | None = None
    key_worker: Word | None = None
    lead_professional: Word | None = None
    primary_worker: Word | None = None
    care_manager: Word | None = None


class Team(Olm):
    id: OlmId


class TeamRelationship(Olm):
    id: OlmId
    person: Person
    team: Team
    start_date: When | None = None
    close_date: When | None = None


class Classification(Olm):
    path: Text


class Assignment(Olm):
    """A classification that a person has, from and to a time."""

    id: OlmId
    person: Person
    classification: Classification
    start_date: When | None = None
    start_date_time: When | None = None
    end_date: When | None = None
    end_date_time: When | None = None
    end_reason: Text | None = None


class Member(Olm):
    excluded: bool = False
    member_subject: Person


class Form(Olm):
    """A form about a person, or about the members of a group."""

    id: OlmId
    name: Text | None = None
    activity_date: When | None = None
    date_started: When | None = None
    date_submitted: When | None = None
    date_completed: When | None = None
    form_instance_subject: Person | None = None
    form_members: Annotated[tuple[Member, ...], Field(max_length=19)] = ()
