"""The parts of the check: reading a list that moves, bags of ids, counting while jobs come and go."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.checking.fingerprints import Fingerprints, fingerprint
from hexjobs.adapters.redis.checking.pages import OVERLAP, PAGE, Part, pages
from hexjobs.adapters.redis.scripts import Script, script
from hexjobs.adapters.redis.store_check import RedisStoreCheck
from hexjobs.ports.store_check import StoreReport
from support.due_times import DueTimes
from support.real_store import RealStore, Within
from support.run import run

FAR = 1 << 42


@pytest.mark.parametrize("seed", range(40))
def test_whoever_stays_in_a_list_is_met(seed: int) -> None:
    """However many come at both ends and go anywhere between two pages; and it ends."""
    chance = random.Random(seed)
    entries = [b"stays-%d" % number if number % 3 else b"goes-%d" % number for number in range(900)]
    usual = chance.choice([0, 3, OVERLAP, PAGE, 250])
    reads = iter(range(1000))

    async def read(skipped: int) -> Part:
        length, page = len(entries), entries[skipped : skipped + PAGE]
        most = usual if next(reads) < 30 else OVERLAP
        entries.extend(b"new-%d-%d" % (skipped, number) for number in range(chance.randint(0, most)))
        for number in range(chance.randint(0, most)):
            entries.insert(0, b"given-back-%d-%d" % (skipped, number))
        going = [entry for entry in entries if not entry.startswith(b"stays")]
        for entry in chance.sample(going, min(len(going), chance.randint(0, most))):
            entries.remove(entry)
        return length, len(page), page

    async def collect() -> list[bytes]:
        return [job_id async for page in pages(read) for job_id in page]

    met = run(collect())
    assert {entry for entry in entries if entry.startswith(b"stays")} <= set(met)
    if usual == 0:
        assert met == entries


def test_an_entry_that_is_there_twice_is_met_twice() -> None:
    """Also where its two places are read in neighbouring pages."""
    entries = [b"%d" % number for number in range(3 * PAGE)]
    entries.insert(PAGE + 5, b"7")

    async def read(skipped: int) -> Part:
        page = entries[skipped : skipped + PAGE]
        return len(entries), len(page), page

    async def collect() -> list[bytes]:
        return [job_id async for page in pages(read) for job_id in page]

    assert run(collect()) == entries


def test_fingerprints() -> None:
    """A bag: what is in, how often, how many different ones."""
    bag = Fingerprints(4)
    bag.add([b"a", b"b", b"a"])
    assert b"a" in bag
    bag.add([b"c"])
    assert b"c" in bag
    assert b"d" not in bag
    assert len(bag) == 4
    assert set().union(*bag.doubles()) == {fingerprint(b"a")}
    assert sum(bag.distinct(())) == 3
    assert sum(bag.distinct({fingerprint(b"a")})) == 2


class Intercepted:
    """A transport that lets something happen right before a stage of the check."""

    def __init__(self, transport: AsyncTransport, stage: tuple[str, str], act: Callable[[], None]) -> None:
        self._transport = transport
        self._stage = stage
        self._act = act
        self.execute = transport.execute

    async def run(self, script: Script, arguments: Sequence[Any], *, repeatable: bool = False) -> Any:
        if (script.name, *arguments[2:3]) == self._stage:
            self._act()
        return await self._transport.run(script, arguments, repeatable=repeatable)


async def check_while(store: RealStore, stage: tuple[str, str], act: Callable[[], None]) -> StoreReport:
    """A repair, and what happens before that stage of it."""
    transport: Any = Intercepted(store.transport, stage, act)
    return await RedisStoreCheck(transport, store.keys, DueTimes()).check(repair=True)


def test_jobs_that_came_after_their_list_was_read(within: Within) -> None:
    """Also those that are far from both of its ends by then: the list is read again."""

    async def scenario(store: RealStore) -> None:
        ids = [f"job-{number}" for number in range(1300)]
        await store.submit(*ids)
        line = store.key("queue", "default", "normal")
        entries = store.client.lrange(line, 0, -1)
        store.client.delete(line)
        report = await check_while(
            store, ("check_ended", "completed"), lambda: store.client.rpush(line, *entries)
        )
        assert report.findings == []

    within(scenario)


def test_a_job_that_moved_since_it_was_missed(within: Within) -> None:
    """It was taken and given back, or deleted and submitted anew: it is not put back a second time."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(1300)))
        line = store.key("queue", "default", "normal")
        store.client.lrem(line, 1, "job-600")
        store.client.lrem(line, 1, "job-700")

        def move() -> None:
            state = {"status": "pending", "fence": "5", "reason": "given_back"}
            store.client.set(store.key("state", "job-600"), json.dumps(state, separators=(",", ":")))
            store.client.linsert(line, "before", "job-601", "job-600")
            store.client.lpush(line, "job-700")

        assert (await check_while(store, ("check_missing", "tell"), move)).findings == []
        assert len(await store.drain()) == 1300

    within(scenario)


def test_who_begins_to_count_last_counts_to_the_end(within: Within) -> None:
    """Two at the same time, under traffic: nobody finds what is not there; afterwards nothing is noted any more."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(300)), due=FAR)
        stopping = asyncio.Event()

        async def traffic() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                await store.submit(f"new-{number}", due=FAR)
                if number % 2:
                    await store.store.delete(f"job-{number % 300}")

        moving = asyncio.create_task(traffic())
        reports = [report for _ in range(4) for report in await asyncio.gather(store.check(), store.check())]
        stopping.set()
        await moving
        assert [report.findings for report in reports] == [[]] * 8
        assert not store.client.exists(store.key("delayed", "changes"))
        store.client.hincrby(store.key("delayed", "counts"), "scheduled:default", -7)
        both = await asyncio.gather(store.check(), store.check())
        assert {"count_wrong": 1} in [report.counts for report in both]

    within(scenario)


def test_a_count_that_died_leaves_no_notes_that_live_on(within: Within) -> None:
    """The next one takes them over, and ends them."""

    async def scenario(store: RealStore) -> None:
        await store.checker._transport.run(script("check_recount"), [store.key("")[:-1], "begin", "dead"])
        await store.submit("noted", due=FAR)
        changes = store.key("delayed", "changes")
        assert store.client.llen(changes) == 2
        assert (await store.check()).findings == []
        assert not store.client.exists(changes)

    within(scenario)


def test_nothing_is_said_of_counters_when_the_notes_are_lost(within: Within) -> None:
    """As when the server was restarted empty meanwhile, or nobody counted for a minute."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(300)), due=FAR)
        store.client.hincrby(store.key("delayed", "counts"), "scheduled:default", -7)

        async def lose() -> None:
            store.client.delete(store.key("delayed", "changes"))

        assert (await store.checker.check(pause=lose)).findings == []
        assert 0 < store.client.pttl(store.key("delayed", "changes")) <= 60_000 or not store.client.exists(
            store.key("delayed", "changes")
        )

    within(scenario)
