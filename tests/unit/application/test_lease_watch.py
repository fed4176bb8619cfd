"""LeaseWatch: a beat is watched for a whole lease, on the watcher's clock, over looks without a gap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hexjobs.application.lease_watch import LeaseWatch

LEASE, GAP = 6.0, 4.0


def watch() -> LeaseWatch:
    """The defaults' proportions."""
    return LeaseWatch(LEASE, GAP)


def test_a_beat_that_stands_still_for_a_lease_is_dead() -> None:
    """Not a moment before; the answer names the beat for the compare-and-set."""
    looks = watch()
    for second in range(6):
        assert looks.look({"w": "1"}, second, second) == {}
    assert looks.look({"w": "1"}, 5.9, 5.9) == {}
    assert looks.look({"w": "1"}, 6.0, 6.0) == {"w": "1"}


def test_a_beat_that_moves_lives() -> None:
    """However slowly, as long as it is faster than the lease."""
    looks = watch()
    for second in range(60):
        assert looks.look(
            {"w": str(second // 5), "x": "still" if second < 3 else "moves"}, second, second
        ) in (
            {},
            {"x": "moves"},
        )
    assert "w" not in looks.look({"w": "new"}, 60, 60)


def test_a_slow_answer_lengthens_the_watch() -> None:
    """The beat may be as old as the question when the watch ends, and as young as the answer when it begins."""
    looks = watch()
    looks.look({"w": "1"}, 0.0, 3.0)
    looks.look({"w": "1"}, 3.0, 6.0)
    assert looks.look({"w": "1"}, 8.9, 9.5) == {}
    assert looks.look({"w": "1"}, 9.0, 9.5) == {"w": "1"}


def test_a_gap_begins_anew() -> None:
    """Whoever slept, or was stopped, has watched nobody meanwhile."""
    looks = watch()
    looks.look({"w": "1"}, 0, 0)
    looks.look({"w": "1"}, 4, 4)
    assert looks.look({"w": "1"}, 8.1, 8.1) == {}
    looks.look({"w": "1"}, 12, 12)
    assert looks.look({"w": "1"}, 14, 14) == {}
    assert looks.look({"w": "1"}, 14.1, 14.1) == {"w": "1"}


def test_a_failed_look_begins_anew() -> None:
    """Over an outage of the server nobody's beat comes through."""
    looks = watch()
    looks.look({"w": "1"}, 0, 0)
    looks.look({"w": "1"}, 3, 3)
    looks.interrupted()
    assert looks.look({"w": "1"}, 6, 6) == {}
    looks.look({"w": "1"}, 9, 9)
    assert looks.look({"w": "1"}, 12, 12) == {"w": "1"}


def test_one_that_left_and_came_back_is_watched_anew() -> None:
    """What was seen before it left says nothing."""
    looks = watch()
    looks.look({"w": "1"}, 0, 0)
    looks.look({}, 3, 3)
    assert looks.look({"w": "1"}, 6, 6) == {}


def test_what_remains_is_that_of_the_one_that_stands_still_the_longest() -> None:
    """A whole lease where nobody is watched; less than nothing for one that is dead already."""
    looks = watch()
    assert looks.remaining(0) == LEASE
    looks.look({"w": "1", "x": "1"}, 0, 0)
    looks.look({"w": "1", "x": "2"}, 3, 3)
    assert looks.remaining(4) == 2
    assert looks.remaining(7) == -1
    looks.look({"x": "2"}, 7, 7)
    assert looks.remaining(7) == 2


@given(
    st.lists(
        st.tuples(st.floats(0.01, 3), st.floats(0, 2), st.booleans()),
        max_size=60,
    )
)
def test_nobody_who_beats_within_the_lease_is_dead(steps: list[tuple[float, float, bool]]) -> None:
    """Whatever the pauses, delays and failures of the looks, a worker whose beat moved less than a lease ago lives."""
    looks, now, beat, moved = watch(), 0.0, 0, 0.0
    for pause, delay, fails in steps:
        now += pause
        while moved + LEASE * 0.99 <= now + delay:
            moved += LEASE * 0.99
            beat += 1
        if fails:
            looks.interrupted()
        else:
            assert looks.look({"w": str(beat)}, now, now + delay) == {}
        now += delay
