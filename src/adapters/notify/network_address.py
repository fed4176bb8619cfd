"""address_problem: whether a webhook may go to an IP address.

The lists are the special-purpose registries of IANA (RFC 6890 and its updates), written out because the answers of
`ipaddress` change with the version of Python.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_PRIVATE_4 = tuple(
    map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
)
_SPECIAL_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "169.254.0.0/16",  # link-local, where clouds keep their metadata
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation, here and below
            "192.88.99.0/24",  # 6to4 relays
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "100.100.100.200/32",  # metadata of a cloud, among shared addresses
            "168.63.129.16/32",  # metadata of a cloud, among public addresses
        ),
    )
)
_PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_GLOBAL_6 = IPv6Network("2000::/3")
_SPECIAL_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation, here and below
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",
            "fd00:ec2::254/128",  # metadata of a cloud, among private addresses
        ),
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_LAST_32_BITS = 0xFFFF_FFFF


def address_problem(text: str, *, allow_private: bool) -> str | None:
    """Why a webhook must not go to this address, or None where it may.

    Public addresses are fine; private, loopback and shared ones where `allow_private`; link-local, multicast, reserved
    and metadata addresses never. An IPv6 address that holds an IPv4 one is judged by that.
    """
    address: Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in _MAPPED or address in _NAT64:
            address = IPv4Address(int(address) & _LAST_32_BITS)
        else:
            return _problem_6(address, allow_private=allow_private)
    if any(address in network for network in _SPECIAL_4):
        return "is a special address"
    if not allow_private and any(address in network for network in _PRIVATE_4):
        return "is a private address"
    return None


def _problem_6(address: IPv6Address, *, allow_private: bool) -> str | None:
    if any(address in network for network in _SPECIAL_6):
        return "is a special address"
    if any(address in network for network in _PRIVATE_6):
        return None if allow_private else "is a private address"
    return None if address in _GLOBAL_6 else "is a special address"
