"""Whatever happened, a check finds nothing; whatever one key is lost then, one repair puts it right."""

from __future__ import annotations

import asyncio

import pytest

from hexjobs.domain.status import TERMINAL
from support.real_store import RealStore, Within
from support.store_history import StoreHistory


@pytest.mark.parametrize("seed", range(6))
def test_a_history_leaves_nothing_to_find(within: Within, seed: int) -> None:
    """Not at any time of it."""

    async def scenario(store: RealStore) -> None:
        history = StoreHistory(store, seed)
        for _ in range(4):
            await history.go_on(30)
            assert (await store.check()).findings == []

    within(scenario)


@pytest.mark.parametrize("seed", range(100, 110))
def test_any_one_lost_key_is_repaired_at_once(within: Within, seed: int) -> None:
    """Keys of all kinds, one after the other: then nothing is found, and each job that has its data comes to an end."""

    async def scenario(store: RealStore) -> None:
        history = StoreHistory(store, seed)
        lost = []
        for _ in range(8):
            await history.go_on(25)
            kinds: dict[bytes, list[bytes]] = {}
            for key in sorted(store.client.keys(f"{store.keys.prefix}:*")):
                kinds.setdefault(key.split(b":")[1], []).append(key)
            key = history.random.choice(kinds[history.random.choice(sorted(kinds))])
            store.client.delete(key)
            lost.append(key)
            report = await store.check(repair=True)
            assert report.left == 0
            again = await store.check()
            assert again.findings == [], (lost, report.findings)
        known = [job_id for job_id in history.ids if store.client.exists(store.key("data", job_id))]
        await history.drain()
        for job_id in known:
            status = await store.status(job_id)
            assert status is None or status in TERMINAL, (job_id, status, lost)
        assert (await store.check()).findings == []

    within(scenario)


def test_a_check_under_traffic_finds_nothing(within: Within) -> None:
    """Jobs come, run, are taken back, delayed and cancelled while it looks: what moves is no finding."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"old-{number}" for number in range(700)), queue="mail")
        await store.submit(*(f"late-{number}" for number in range(300)), due=1 << 42)
        histories = [StoreHistory(store, seed) for seed in range(3)]
        traffic = asyncio.gather(*(history.go_on(100_000) for history in histories))
        try:
            for _ in range(20):
                report = await store.check()
                assert report.findings == []
                assert not traffic.done()
            for _ in range(4):
                assert (await store.check(repair=True)).findings == []
        finally:
            for history in histories:
                history.stopping = True
            await traffic
        assert (await store.check()).findings == []

    within(scenario)
