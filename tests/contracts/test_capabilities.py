"""Capabilities: an adapter says what it cannot do, and then refuses it with a declared error."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import JobError, UnsupportedOption
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Capabilities
from hexjobs.ports.job_store import CancelResult, JobQuery
from support.messages import message

YEARS = 10 * 365 * 24 * HOUR


async def _refusal(adapter: Adapter, **fields: object) -> JobError | None:
    try:
        [result] = await adapter.queue.enqueue([message("job", **fields)])  # type: ignore[arg-type]  # any field
    except UnsupportedOption as error:
        return error
    return result.error


async def test_it_says_what_it_can_do(adapter: Adapter) -> None:
    """ "What this adapter can do." """
    capabilities = adapter.queue.capabilities
    assert isinstance(capabilities, Capabilities)
    assert 1 <= capabilities.priorities <= 4
    for limit in (capabilities.max_delay, capabilities.dedupe_window):
        assert limit is None or limit > timedelta(0)


async def test_delay(adapter: Adapter) -> None:
    """ "What an adapter can do; the core emulates the rest or refuses at start." """
    limit = adapter.queue.capabilities.max_delay
    error = await _refusal(adapter, due=adapter.now() + YEARS)
    assert isinstance(error, UnsupportedOption) if limit else error is None
    if not limit:
        assert (await adapter.job("job")).status is JobStatus.SCHEDULED


async def test_size(adapter: Adapter) -> None:
    """ "None means unbounded." """
    limit = adapter.queue.capabilities.max_bytes
    error = await _refusal(adapter, payload={"text": "x" * ((limit or 2_000_000) + 1)})
    assert isinstance(error, UnsupportedOption) if limit else error is None


async def test_levels(adapter: Adapter) -> None:
    """ "What an adapter can do": as many levels as it says."""
    words = ["low", "normal", "high", "critical"][: adapter.queue.capabilities.priorities]
    await adapter.queue.enqueue([message(word, priority=word) for word in words])
    assert await adapter.take_all() == list(reversed(words))


async def test_lookup(adapter: Adapter) -> None:
    """ "What an adapter can do": look jobs up."""
    await adapter.queue.enqueue([message("job")])
    if adapter.queue.capabilities.lookup:
        assert await adapter.is_known("job")
        return
    with pytest.raises(UnsupportedOption):
        await adapter.store.get(["job"])
    with pytest.raises(UnsupportedOption):
        await adapter.store.find(JobQuery(), ["default"])


async def test_cancelling_what_waits(adapter: Adapter) -> None:
    """ "What an adapter can do": cancel a job that waits."""
    await adapter.queue.enqueue([message("job")])
    if adapter.queue.capabilities.cancel_waiting:
        assert await adapter.store.cancel("job", None) is CancelResult.CANCELLED
        return
    with pytest.raises(UnsupportedOption):
        await adapter.store.cancel("job", None)


async def test_fences(adapter: Adapter) -> None:
    """ "What an adapter can do": check fences; the core relies on it."""
    assert adapter.queue.capabilities.fence
    await adapter.queue.enqueue([message("job")])
    first = await adapter.take_one()
    await adapter.settle(first, JobEvent.GIVEN_BACK)
    await adapter.take_one()
    assert not await adapter.queue.ack(first)
