"""From where a request may come, where the file of sources says so."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address


def is_from(address: str, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    """Whether an address is of one of the networks. Where none is named, any is."""
    if not networks:
        return True
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    # A server that listens on both families sees IPv4 as a part of IPv6.
    plain = getattr(sender, "ipv4_mapped", None) or sender
    return any(plain in network for network in networks)
