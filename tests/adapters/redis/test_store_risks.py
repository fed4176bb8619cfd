"""What a server, as it is set, may lose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hexjobs.adapters.embedded.server import EmbeddedServer
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.store_risks import store_risks
from hexjobs.application.blocking import drive
from hexjobs.ports.risk import Risk
from support.valkey_process import ValkeyProcess


def risks_of(address: Address) -> list[Risk]:
    transport = BlockingTransport(address)
    try:
        return drive(store_risks(transport))
    finally:
        drive(transport.close())


@pytest.mark.parametrize(
    ("durable", "options", "grave", "mild"),
    [
        (True, {}, [], []),
        (True, {"appendfsync": "everysec"}, [], ["appendfsync is everysec: up to a second"]),
        (True, {"appendfsync": "no"}, ["appendfsync is no"], []),
        (False, {}, ["persistence is off: a restart of the server loses every job"], []),
        (False, {"save": "3600 1"}, ["since its last snapshot"], []),
        (True, {"maxmemory_policy": "allkeys-lru"}, ["may evict jobs; set it to noeviction"], []),
        (True, {"maxmemory_policy": "volatile-ttl"}, ["may evict finished jobs before their time"], []),
        (
            True,
            {"maxmemory_policy": "allkeys-random", "appendfsync": "everysec"},
            ["maxmemory-policy is allkeys-random"],
            ["everysec"],
        ),
        (
            False,
            {"maxmemory_policy": "allkeys-random"},
            ["maxmemory-policy is allkeys-random", "persistence is off"],
            [],
        ),
    ],
)
def test_a_server_that_may_lose_jobs(
    tmp_path: Path, durable: bool, options: dict[str, Any], grave: list[str], mild: list[str]
) -> None:
    """Each risk is a sentence that says what to set; the grave ones come first."""
    with ValkeyProcess(tmp_path, durable=durable, **options) as server:
        risks = risks_of(Address(socket_path=server.socket_path))
    assert [risk.is_grave for risk in risks] == [True] * len(grave) + [False] * len(mild)
    for risk, words in zip(risks, [*grave, *mild], strict=True):
        assert words in risk.sentence


@pytest.mark.parametrize(
    ("durable", "forbidden", "words", "is_grave"),
    [
        (True, "config", "appendfsync is not known", False),
        (False, "config", "whether there are snapshots is not known", True),
        (True, "info", "refuses INFO", True),
    ],
)
def test_a_server_that_refuses_to_tell(
    tmp_path: Path, durable: bool, forbidden: str, words: str, is_grave: bool
) -> None:
    """Hosted servers refuse CONFIG: INFO tells what can be told, and what is unknown is said to be so."""
    with ValkeyProcess(tmp_path, durable=durable) as server:
        with server.client() as client:
            client.acl_setuser(
                "shy", enabled=True, passwords=["+word"], keys=["*"], commands=["+@all", f"-{forbidden}"]
            )
        address = Address(socket_path=server.socket_path, username="shy", password="word")
        [risk] = risks_of(address)
        assert words in risk.sentence
        assert risk.is_grave is is_grave


def test_the_embedded_server_has_none(tmp_path: Path) -> None:
    """It never evicts, and its append-only file is on disk before an answer."""
    server = EmbeddedServer(tmp_path / "data")
    try:
        assert risks_of(Address(socket_path=server.ensure)) == []
    finally:
        server.release()
