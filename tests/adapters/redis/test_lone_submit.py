"""A lone submit has a script of its own: it asks the server for little, and leaves what any submit leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hexjobs.adapters.redis.requests import enqueue_arguments, enqueue_one_arguments
from hexjobs.adapters.redis.scripts import script
from support.messages import message, messages
from support.real_store import RealStore, Within

FAR = 1 << 42


def test_a_lone_submit_asks_for_four_things(within: Within) -> None:
    """The job, the count, who waits, the line: whatever waits there already."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue(messages(50))
        store.client.config_resetstat()
        await store.queue.enqueue([message()])
        assert store.commands() == {"set": 1, "hincrby": 1, "exists": 1, "lpush": 1}

    within(scenario)


@pytest.mark.parametrize("fields", [{}, {"due": FAR}], ids=["at once", "delayed"])
@pytest.mark.parametrize("ids", [("job-1",), ("job-1", "job-2", "job-3")], ids=["alone", "many"])
def test_that_all_were_stored_is_said_in_one_word(
    within: Within, ids: list[str], fields: dict[str, Any]
) -> None:
    """A list of one answer is a tenth of what a lone submit costs the server. Submitted again, each has its own answer."""

    async def scenario(store: RealStore) -> None:
        batch = [message(job_id, **fields) for job_id in ids]
        prefix = store.keys.prefix
        if len(batch) > 1:
            name, arguments = "enqueue", enqueue_arguments(prefix, batch, {}, atomic=False)
        else:
            name, arguments = "enqueue_one", enqueue_one_arguments(prefix, batch[0], None)
        answers = [await store.transport.run(script(name), arguments) for _ in range(2)]
        assert answers == [0, [[b"exists", each.data] for each in batch]]

    within(scenario)


def test_what_defines_functions_stands_below_the_way_of_a_lone_submit() -> None:
    """Each call pays for all functions above the line at which it returns."""
    above, _, _ = script("enqueue_one").text.partition("return 0")
    assert (
        above.count("local function ") == 3
    )  # two of the prelude, and the count, within the branch of those that have a cap


def contents(store: RealStore) -> dict[str, Any]:
    """All that lies in the store, by key."""
    client = store.client
    read: Mapping[bytes, Any] = {
        b"string": client.get,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
    }
    return {name.decode(): read[client.type(name)](name) for name in client.keys("*")}


@pytest.mark.parametrize(
    ("fields", "caps"),
    [
        ({}, {}),
        ({"queue": "mail", "priority": "high"}, {}),
        ({}, {"default": 3}),
        ({}, {"default": 2}),
        ({"due": FAR}, {}),
        ({"due": FAR}, {"default": 2}),
        ({"unique": "key"}, {"default": 3}),
    ],
)
def test_it_leaves_what_a_batch_leaves(within: Within, fields: dict[str, Any], caps: dict[str, int]) -> None:
    """Jobs one by one, two of them twice, beside the same in a batch: the same answers, and the same keys."""

    async def scenario(store: RealStore) -> None:
        left = []
        for alone in (True, False):
            store.client.flushall()
            batch = [message(f"job-{number}", **fields) for number in (1, 1, 2, 3, 2)]
            parts = [[each] for each in batch] if alone else [batch]
            answers = [answer for part in parts for answer in await store.queue.enqueue(part, caps)]
            left.append(([(each.job_id, each.is_new, repr(each.error)) for each in answers], contents(store)))
        assert left[0] == left[1]

    within(scenario)


def test_a_batch_of_several_sorts_leaves_what_its_jobs_leave_one_by_one(within: Within) -> None:
    """Types, queues, levels and unique keys take turns; in each line the jobs stand in the order of the batch."""

    async def scenario(store: RealStore) -> None:
        left = []
        batch = [
            message(
                f"job-{number}",
                type=("report", "email")[number % 2],
                queue=("default", "mail", "calls")[number % 3],
                priority=("normal", "high")[number // 6 % 2],
                unique="key" if number % 7 == 5 else None,
            )
            for number in range(36)
        ]
        for parts in ([[each] for each in batch], [batch]):
            store.client.flushall()
            answers = [answer for part in parts for answer in await store.queue.enqueue(part)]
            left.append(([(each.job_id, each.is_new, repr(each.error)) for each in answers], contents(store)))
        assert left[0] == left[1]

    within(scenario)
