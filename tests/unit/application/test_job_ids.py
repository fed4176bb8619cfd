"""JobIds: UUIDv7, drawn many at a time, and never twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.application.job_ids import IDS_AT_ONCE, JobIds
from hexjobs.ports.envelope import uuid7_milliseconds


def repeated(bits: int, size: int) -> bytes:
    """As random bytes, the same 80 bits for every id."""
    return bits.to_bytes(10) * (size // 10)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_an_id_is_a_uuid_of_version_7(milliseconds: int, random: int) -> None:
    """RFC 9562, section 5.7: time, version, variant; in the form that everyone writes."""
    job_id = JobIds(partial(repeated, random)).new(milliseconds)
    uuid = UUID(job_id)
    assert str(uuid) == job_id
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert uuid.int >> 80 == milliseconds == uuid7_milliseconds(job_id)


def test_every_random_bit_counts() -> None:
    """74 of them are drawn: two draws that differ in one make ids that differ."""
    bits = range(80)
    made = {JobIds(partial(repeated, 1 << bit)).new(0) for bit in bits}
    assert len(made - {JobIds(bytes).new(0)}) == 74


def test_ids_of_a_later_millisecond_sort_after() -> None:
    """Whatever their random parts; and so do those of an earlier one, which a clock that steps back makes."""
    ids = JobIds()
    made = {at: [ids.new(at) for _ in range(3)] for at in (5, 6, 1_700_000_000_000, 4)}
    assert (
        max(made[4])
        < min(made[5])
        <= max(made[5])
        < min(made[6])
        <= max(made[6])
        < min(made[1_700_000_000_000])
    )


def test_no_id_comes_twice() -> None:
    """In one thread or many, over several draws."""
    ids = JobIds()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [ids.new(7) for _ in range(3 * IDS_AT_ONCE)], range(8)))
    assert len({job_id for some in made for job_id in some}) == 8 * 3 * IDS_AT_ONCE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_draws_anew() -> None:
    """What its parent has drawn and not used belongs to the parent."""
    ids = JobIds()
    ids.new(7)
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.write(writes, "\n".join(ids.new(7) for _ in range(10)).encode())
        os._exit(0)
    os.close(writes)
    os.waitpid(child, 0)
    with os.fdopen(reads) as told:
        theirs = set(told.read().split())
    assert len(theirs) == 10
    assert not theirs & {ids.new(7) for _ in range(2 * IDS_AT_ONCE)}
