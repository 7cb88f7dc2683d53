"""A provider's FHIR server that is searched for recent care when a case opens.

Nobody is asked because of this file: a partnership's policy names which of these servers may be
asked for its children, and on what ground.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kinbridge.sources.terms import SettingName, SourceName
from kinbridge_schemas.base import Value


class NoAuth(Value):
    """Nothing is shown to the server: the network alone decides who may ask."""

    kind: Literal["none"] = "none"


class BearerAuth(Value):
    """A token that does not change, as a trust's integration engine gives it."""

    kind: Literal["bearer"] = "bearer"
    token_setting: SettingName


class JwtAuth(Value):
    """A signed JWT, exchanged for an access token (SMART backend services, NHS API platform).

    The settings hold: `token_address_setting` where it is exchanged, `client_setting` the
    application's id, `key_id_setting` the id of its key, `private_key_setting` the key itself,
    as PEM.
    """

    kind: Literal["jwt"] = "jwt"
    token_address_setting: SettingName
    client_setting: SettingName
    key_id_setting: SettingName
    private_key_setting: SettingName


Auth = Annotated[NoAuth | BearerAuth | JwtAuth, Field(discriminator="kind")]


class CareServer(Value):
    """One server. `name` is what policies call it.

    It is also the name of its feed: where the provider sends live messages or notifications as
    well, they come in under the same name, so that what was fetched and what was sent of one
    appointment are one fact.

    `address_setting` holds the base address, https. `per_second` is how many requests it may
    get. `patient_by` is the search parameter for the NHS number that the server knows: of the
    reference to the patient, or of the patient (a chained search). `include_patient` asks for
    the patient with what is found, by which the date of birth is known. Each search is read in
    pages of `page_size`, at most `pages` and `max_bytes` of them. A server that gives no answer
    is asked again `within`; then it is said that none came.
    """

    name: SourceName
    address_setting: SettingName
    auth: Auth = NoAuth()
    per_second: Annotated[int, Field(ge=1, le=50)] = 2
    burst: Annotated[int, Field(ge=1, le=50)] = 2
    patient_by: Literal["patient:identifier", "patient.identifier"] = "patient:identifier"
    include_patient: bool = True
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    pages: Annotated[int, Field(ge=1, le=40)] = 10
    max_bytes: Annotated[int, Field(ge=10_000, le=4_000_000)] = 3_000_000
    within: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=3))] = timedelta(
        hours=4
    )


def _distinct(given: tuple[CareServer, ...]) -> tuple[CareServer, ...]:
    if len({each.name for each in given}) < len(given):
        raise ValueError("two servers have one name")
    return given


CareServers = Annotated[tuple[CareServer, ...], Field(max_length=32), AfterValidator(_distinct)]
