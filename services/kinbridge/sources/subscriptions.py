"""A subscription on a FHIR server of a trust or a shared care record, and what we ask of it.

Source: HL7 Subscriptions R5 Backport 1.2.0-ballot for R4 and R4B; FHIR R5, Subscription.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from kinbridge.sources.care import BearerAuth, NoAuth
from kinbridge.sources.terms import SettingName, SourceName
from kinbridge_schemas.base import Value

FhirVersion = Literal["4.0", "4.3", "5.0"]
"""R4 with the backport guide, R4B, and R5."""

Payload = Literal["empty", "id-only", "full-resource"]

ResourceType = Literal[
    "Appointment",
    "CarePlan",
    "CareTeam",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "RelatedPerson",
    "ServiceRequest",
]
"""The kinds of resource that are asked for again: those that a mapping is for."""

Canonical = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:[^\s|#]{1,300}(\|\S+)?$")
]
# Closed, so that nobody can be searched for: no identifier, no name, no chain, no patient.
Criterion = Annotated[
    str, StringConstraints(pattern=r"^([A-Z][A-Za-z]+\?)?[a-z-]+(:[a-z]+)?=[^\s&?=]{1,200}$")
]
_ABOUT_SOMEBODY: Final = frozenset({"patient", "subject", "identifier", "name", "actor", "_id"})


class FhirSubscription(Value):
    """One subscription. `name` is the last step of the address that the server sends to.

    `source` names the feed in every event that comes of it: the same for every subscription on
    one server, and for its messages, so that what comes on two ways is one fact.

    The settings hold: `address_setting` the server's base address, https; `endpoint_setting`
    the address of intake as the server reaches it, before `/nhs/subscriptions/`;
    `secret_setting` the secret that the server shows with each notification, at least 32
    characters. `auth` is what we show to the server.

    `filters` are criteria of the topic, as `Appointment?service-type=560`. `resources` are the
    kinds that are searched for, with the search parameters of `search`, where notifications are
    missing and in every reconciliation. Neither may be about one person.

    `senders` are the only networks from which notifications are taken; empty: any.

    `heartbeat` is asked of the server; nought asks for none. `expect_within` is how long there
    may be silence before operations are told. A missing number is waited for `gap_wait`.
    Reconciliation asks every `reconcile_every` for what changed since it last did, and
    `overlap` before that; at the first start, for the `look_back`.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    source: SourceName
    version: FhirVersion = "4.0"
    address_setting: SettingName
    endpoint_setting: SettingName
    secret_setting: SettingName
    auth: Annotated[NoAuth | BearerAuth, Field(discriminator="kind")] = NoAuth()
    topic: Canonical
    filters: Annotated[tuple[Criterion, ...], Field(max_length=20)] = ()
    payload: Payload = "id-only"
    resources: Annotated[tuple[ResourceType, ...], Field(min_length=1)] = ("Appointment",)
    search: Annotated[tuple[Criterion, ...], Field(max_length=20)] = ()
    senders: tuple[IPv4Network | IPv6Network, ...] = ()
    heartbeat: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(
        minutes=5
    )
    expect_within: Annotated[timedelta, Field(ge=timedelta(seconds=10))] = timedelta(minutes=15)
    max_count: Annotated[int, Field(ge=1, le=100)] = 20
    lasts: Annotated[timedelta, Field(ge=timedelta(days=1), le=timedelta(days=366))] = timedelta(
        days=30
    )
    gap_wait: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(hours=1))] = timedelta(
        seconds=30
    )
    status_every: Annotated[timedelta, Field(ge=timedelta(seconds=10))] = timedelta(minutes=5)
    reconcile_every: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = (
        timedelta(minutes=15)
    )
    overlap: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(
        minutes=10
    )
    look_back: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=30))] = timedelta(
        days=1
    )
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    pages: Annotated[int, Field(ge=1, le=1_000)] = 100
    max_bytes: Annotated[int, Field(ge=10_000, le=5_500_000)] = 5_000_000

    @model_validator(mode="after")
    def _heard_before_it_is_silent(self) -> Self:
        if self.heartbeat and self.expect_within < 2 * self.heartbeat:
            raise ValueError("expect_within must be two heartbeats or more")
        return self

    @model_validator(mode="after")
    def _about_nobody(self) -> Self:
        for criterion in (*self.filters, *self.search):
            name = criterion.rpartition("?")[2].partition("=")[0].partition(":")[0]
            if name in _ABOUT_SOMEBODY:
                raise ValueError("a criterion may not be about one person")
        if any("?" in criterion for criterion in self.search):
            raise ValueError("search has parameters and no type")
        return self

    @property
    def feed(self) -> str:
        """The source of its records: the server's name, and after the point its own."""
        return f"{self.source}.{self.name}"


def _distinct(given: tuple[FhirSubscription, ...]) -> tuple[FhirSubscription, ...]:
    if len({each.name for each in given}) < len(given):
        raise ValueError("two subscriptions have one name")
    return given


FhirSubscriptions = Annotated[
    tuple[FhirSubscription, ...], Field(max_length=40), AfterValidator(_distinct)
]
