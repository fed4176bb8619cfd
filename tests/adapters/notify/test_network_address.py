"""Which addresses a webhook may go to."""

from __future__ import annotations

import pytest

from hexjobs.adapters.notify.network_address import address_problem

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
]
PUBLIC += ["2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.255",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
]
PRIVATE += ["::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]
NEVER += [
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.170",
    "198.18.0.1",
    "203.0.113.7",
    "::",
    "fe80::1",
    "fe80::1%lo",
]
NEVER += [
    "ff02::1",
    "fec0::1",
    "fd00:ec2::254",
    "2002:7f00:1::1",
    "2001::1",
    "2001:db8::1",
    "::127.0.0.1",
    "100::1",
]
NEVER += ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "::ffff:0:127.0.0.1", "4000::1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fine(address: str) -> None:
    assert address_problem(address, allow_private=False) is None
    assert address_problem(address, allow_private=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_permission(address: str) -> None:
    assert address_problem(address, allow_private=False) == "is a private address"
    assert address_problem(address, allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_link_local_multicast_reserved_and_metadata_addresses_are_never_fine(address: str) -> None:
    assert address_problem(address, allow_private=False) is not None
    assert address_problem(address, allow_private=True) is not None
