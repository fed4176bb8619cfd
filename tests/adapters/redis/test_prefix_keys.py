"""PrefixKeys: all keys below a prefix, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.prefix_keys import PrefixKeys
from support.run import run
from support.valkey_process import ValkeyProcess

OTHERS = (
    "jobs",
    "jobs:1",
    "jobs-bench",
    "jobs-bench2:1",
    "xjobs-bench:1",
    "jobs-benchh:",
    "{jobs}:1",
    "j[o]bs:1",
)


@pytest.mark.parametrize("prefix", ["jobs-bench", "{jobs-bench}", "jobs.a_b"])
def test_they_are_counted_and_removed_and_nothing_else(prefix: str, tmp_path: Path) -> None:
    """Thousands of them, of several kinds; neighbours whose names begin alike stay as they are."""
    with ValkeyProcess(tmp_path, durable=False) as server:
        with server.client() as client:
            for name in OTHERS:
                client.set(name, "other")
            client.mset({f"{prefix}:data:{number}": "x" * 100 for number in range(2500)})
            client.rpush(f"{prefix}:queue", *range(5000))

        async def use() -> tuple[int, int, int]:
            transport = AsyncTransport(Address(socket_path=server.socket_path))
            keys = PrefixKeys(transport, prefix)
            try:
                return await keys.used_bytes(), await keys.remove(), await keys.remove()
            finally:
                await transport.close()

        used, removed, left = run(use())
        assert 2500 * 100 < used < 2500 * 400
        assert (removed, left) == (2501, 0)
        with server.client() as client:
            assert {key.decode() for key in client.keys("*")} == set(OTHERS)
