"""A trust's HL7 v2 feed, which sends to us over MLLP: where we listen, to whom, and its codes."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from kinbridge.sources.terms import SettingName, SourceName
from kinbridge_fhir.hl7v2.feed import FeedCodes
from kinbridge_schemas.base import Value

Network = IPv4Network | IPv6Network
Charset = Literal["utf-8", "iso-8859-1", "iso-8859-15", "cp1252"]
SystemName = Annotated[str, StringConstraints(min_length=1, max_length=180, strip_whitespace=True)]

_LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Tls(Value):
    """TLS 1.2 or later. The settings hold the paths of PEM files.

    With `client_ca_setting` only senders with a certificate of those authorities are let in.
    """

    certificate_setting: SettingName
    key_setting: SettingName
    client_ca_setting: SettingName | None = None


class Sender(Value):
    """A system whose messages are taken: MSH-3 and, where given, MSH-4. Letters' case counts."""

    application: SystemName
    facility: SystemName | None = None


class MllpFeed(Value):
    """One feed: a port, who may send to it, and what its codes mean.

    `source` names the feed in every event that comes of it. `port` 0 takes a free one. On an
    address other than loopback TLS is needed, unless `plaintext` says that the network between
    is protected by other means. `networks` are the only addresses that may connect, `senders`
    the only systems in MSH whose messages are taken.

    `processing` is the MSH-11 of its messages: a test system's T does not get into production.
    `charsets` are tried in order where MSH-18 says none, or not the truth. A message has
    `max_bytes` and must arrive within `message_within`; a connection on which nothing comes for
    `idle_after` is closed. `expect_within` is how long the feed may be silent before operations
    are told.
    """

    source: SourceName
    host: Annotated[str, Field(pattern=r"^[0-9A-Fa-f.:]{2,45}$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    tls: Tls | None = None
    plaintext: bool = False
    networks: Annotated[tuple[Network, ...], Field(min_length=1, max_length=64)] = _LOOPBACK
    senders: Annotated[tuple[Sender, ...], Field(min_length=1, max_length=64)]
    processing: Literal["P", "T", "D"] = "P"
    charsets: Annotated[tuple[Charset, ...], Field(min_length=1, max_length=4)] = (
        "utf-8",
        "iso-8859-1",
    )
    max_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 256_000
    max_connections: Annotated[int, Field(ge=1, le=1_000)] = 16
    idle_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(minutes=10)
    message_within: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(seconds=30)
    expect_within: Annotated[timedelta, Field(ge=timedelta(minutes=1))] = timedelta(hours=1)
    codes: FeedCodes = FeedCodes()

    @model_validator(mode="after")
    def _not_in_the_open(self) -> Self:
        try:
            loopback = ip_address(self.host).is_loopback
        except ValueError:
            raise ValueError("host is an IP address of this machine") from None
        if not (loopback or self.tls is not None or self.plaintext):
            raise ValueError("beyond loopback a feed needs tls, or says plaintext: true")
        return self

    def lets_in(self, address: str) -> bool:
        """Whether an address may connect."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.networks)

    def knows(self, application: str, facility: str) -> bool:
        """Whether messages of this system are taken."""
        return any(
            each.application == application and each.facility in (None, facility)
            for each in self.senders
        )


def _distinct(given: tuple[MllpFeed, ...]) -> tuple[MllpFeed, ...]:
    places = [(each.host, each.port) for each in given if each.port]
    if len({each.source for each in given}) < len(given) or len(set(places)) < len(places):
        raise ValueError("two feeds have one source, or listen at one place")
    return given


MllpFeeds = Annotated[tuple[MllpFeed, ...], Field(max_length=32), AfterValidator(_distinct)]
"""All are listened to by one process."""


def codes_of(feeds: tuple[MllpFeed, ...]) -> dict[str, FeedCodes]:
    """Give the local codes of each feed by its name, as mapping needs them."""
    return {each.source: each.codes for each in feeds}
