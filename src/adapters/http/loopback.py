"""`is_loopback`: whether only this machine can reach an address."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Whether a server on `host` is reached from this machine only: `localhost`, 127.0.0.0/8, ::1.

    Any other name is taken as not loopback, whatever it resolves to now; so is the empty text, which means all.
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
