"""RetryPolicy: how long a failed job waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.domain.retry_policy import RetryPolicy

MICROSECOND = timedelta(microseconds=1)
attempts = st.integers(1, 10_000)
randoms = st.floats(0, 1, exclude_max=True)
delays = st.timedeltas(timedelta(0), timedelta(days=2))
caps = st.timedeltas(timedelta(0), timedelta(days=30))


def full_wait(policy: RetryPolicy, attempt: int) -> float:
    """The wait without jitter, in seconds."""
    return min(policy.delay.total_seconds() * 2.0 ** min(attempt - 1, 64), policy.cap.total_seconds())


@given(delays, caps, attempts, randoms)
def test_the_wait_lies_between_half_and_whole(
    delay: timedelta, cap: timedelta, attempt: int, random: float
) -> None:
    """Of `delay * 2**(n-1)`, at most the cap."""
    policy = RetryPolicy(delay=delay, cap=cap)
    whole = full_wait(policy, attempt)
    wait = policy.wait(attempt, random)
    assert timedelta(0) <= wait <= cap + MICROSECOND
    assert whole / 2 - 1e-6 <= wait.total_seconds() <= whole + 1e-6


@given(delays, caps, attempts, randoms)
def test_the_wait_never_shrinks_with_the_attempts(
    delay: timedelta, cap: timedelta, attempt: int, random: float
) -> None:
    """The same random number given."""
    policy = RetryPolicy(delay=delay, cap=cap)
    assert policy.wait(attempt, random) <= policy.wait(attempt + 1, random)


@given(attempts, randoms, randoms)
def test_the_wait_grows_with_the_random_number(attempt: int, one: float, other: float) -> None:
    """So jobs that failed together do not come back together."""
    low, high = sorted((one, other))
    assert RetryPolicy().wait(attempt, low) <= RetryPolicy().wait(attempt, high)


def test_the_defaults() -> None:
    """Five seconds, doubled each time, at most an hour."""
    policy = RetryPolicy()
    waits = [policy.wait(attempt, 0).total_seconds() for attempt in (1, 2, 3, 4, 10, 11, 5000)]
    assert waits == [2.5, 5, 10, 20, 1280, 1800, 1800]


@given(st.integers(0, 50))
def test_at_most_one_run_more_than_retries(max_retries: int) -> None:
    """`max_retries` 3 means at most 4 runs."""
    policy = RetryPolicy(max_retries=max_retries)
    assert [attempt for attempt in range(1, max_retries + 5) if policy.allows(attempt)] == list(
        range(1, max_retries + 1)
    )


@pytest.mark.parametrize("random", [0.0, 0.5, 0.999])
def test_a_backoff_of_ones_own_is_taken_as_it_is(random: float) -> None:
    """No cap, no jitter."""
    policy = RetryPolicy(backoff=lambda attempt: timedelta(hours=attempt), cap=timedelta(seconds=1))
    assert policy.wait(3, random) == timedelta(hours=3)
