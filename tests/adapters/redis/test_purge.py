"""A purge leaves no key behind but those that every store has."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.queue_control import RedisQueueControl
from hexjobs.application.blocking import drive
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from support.messages import message
from support.valkey_process import ValkeyProcess

OF_A_JOB = ("jobs:data:", "jobs:state:", "jobs:effects:", "jobs:unique:", "jobs:queue:")


def test_no_key_of_a_purged_job_stays(tmp_path: Path) -> None:
    """Neither of one that waits nor of one that ran and waits for its retry."""
    with ValkeyProcess(tmp_path, durable=False) as server:
        transport = BlockingTransport(Address(socket_path=server.socket_path))
        queue, store = RedisJobQueue(transport, Keys()), RedisJobStore(transport, Keys())
        drive(queue.enqueue([message("ran", unique="one")]))
        (delivery,) = drive(queue.dequeue(Subscription("worker-1", {"default": 1}), 1, timedelta(0)))
        drive(store.record_effect("ran", delivery.fence, "charge", b"1"))
        drive(queue.settle([Settlement(delivery, JobEvent.ERRED, delay=timedelta(hours=1), error="boom")]))
        drive(queue.enqueue([message("waits", unique="two"), message(due=1 << 42, unique="three")]))
        assert drive(RedisQueueControl(transport, Keys()).purge("default")) == 3
        with server.client() as client:
            left = [key.decode() for key in client.keys("*")]
            counts = client.hgetall("jobs:delayed:counts")
        drive(transport.close())
    assert [key for key in left if key.startswith(OF_A_JOB)] == []
    assert set(counts.values()) == {b"0"}
