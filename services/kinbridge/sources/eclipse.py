"""OLM Eclipse as it notifies Kinbridge, and how its signatures are checked.

Eclipse signs with what only it knows: it is asked whether a signature is its own, by the
mutation `verifyNotificationSignature` of its GraphQL API.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from kinbridge.sources.care import BearerAuth
from kinbridge.sources.terms import SettingName, SourceName
from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_schemas.base import Value
from kinbridge_schemas.mapped import CaseSource

GroupId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]


class ClientAuth(Value):
    """A token for a client and its secret (OAuth 2, client credentials).

    The settings hold: `token_address_setting` where it is given, https; `client_setting` the
    client's id; `secret_setting` its secret. `scope` is asked for where there is one.
    """

    kind: Literal["client"] = "client"
    token_address_setting: SettingName
    client_setting: SettingName
    secret_setting: SettingName
    scope: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None


class EclipseSystem(Value):
    """One authority's Eclipse. `name` stands in the address that it notifies.

    `source` is the authority and the feed, as every event carries it. `address_setting` holds
    the address of its GraphQL API, https. `groups` are the ids of the subscription groups that
    are taken; each must have the signing strategy `SERVER_VERIFICATION`. `senders` are the
    only networks that may notify; empty: any. `expect_within` is how long there may be silence
    before operations are told: a target that fails too often is switched off. `table` holds
    what the authority's own words stand for.
    """

    name: SourceName
    source: CaseSource
    address_setting: SettingName
    auth: Annotated[ClientAuth | BearerAuth, Field(discriminator="kind")]
    groups: Annotated[frozenset[GroupId], Field(min_length=1, max_length=32)]
    senders: tuple[IPv4Network | IPv6Network, ...] = ()
    expect_within: Annotated[timedelta, Field(ge=timedelta(minutes=1))] = timedelta(hours=12)
    table: EclipseTable = EclipseTable()


def _distinct(given: tuple[EclipseSystem, ...]) -> tuple[EclipseSystem, ...]:
    for what in ("name", "source"):
        if len({getattr(each, what) for each in given}) < len(given):
            raise ValueError(f"two systems have one {what}")
    return given


EclipseSystems = Annotated[
    tuple[EclipseSystem, ...], Field(max_length=32), AfterValidator(_distinct)
]
