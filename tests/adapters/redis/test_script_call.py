"""script_call: the same bytes, however the arguments are given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hexjobs.adapters.redis.packed import packed
from hexjobs.adapters.redis.requests import enqueue_one_arguments
from hexjobs.adapters.redis.script_call import script_call, whole_call
from hexjobs.adapters.redis.scripts import Script
from support.messages import message

SCRIPT = Script("test", "return 1", "0" * 40)
words = st.one_of(
    st.binary(max_size=40), st.text(st.characters(codec="utf-8"), max_size=20), st.integers(-(2**63), 2**63)
)


@given(st.lists(words, max_size=6), st.lists(words, max_size=6))
def test_a_shared_beginning_changes_no_byte(
    begin: list[bytes | str | int], own: list[bytes | str | int]
) -> None:
    """Neither by its digest nor by its text; the key is the meta key of the prefix."""
    first = ("jobs", *begin)
    plain = packed("EVALSHA", SCRIPT.sha, 1, "jobs:meta", *first, *own)
    whole = packed("EVAL", SCRIPT.text, 1, "jobs:meta", *first, *own)
    assert script_call(SCRIPT, [first, *own]) == script_call(SCRIPT, [*first, *own]) == plain
    assert whole_call(SCRIPT, [first, *own]) == whole_call(SCRIPT, [*first, *own]) == whole


def test_calls_that_begin_alike_are_kept_apart() -> None:
    """By prefix, by script, and by how many words follow."""
    other = Script("other", "return 2", "1" * 40)
    for _ in range(2):
        for script, prefix, own in (
            (SCRIPT, "a", "x"),
            (SCRIPT, "b", "x"),
            (other, "a", "x"),
            (SCRIPT, "a", "xy"),
        ):
            expected = packed("EVALSHA", script.sha, 1, f"{prefix}:meta", prefix, 1, *own)
            assert script_call(script, [(prefix, 1), *own]) == expected


def test_three_words_of_bytes_are_packed_alike() -> None:
    """What a lone submit sends: with a cap or without one, due at once or later."""
    for due in (None, 0, 7):
        for cap in (None, 5):
            begin, *own = enqueue_one_arguments("jobs", message("a", due=due), cap)
            assert isinstance(begin, tuple)
            expected = packed("EVALSHA", SCRIPT.sha, 1, "jobs:meta", *begin, *own)
            assert script_call(SCRIPT, [begin, *own]) == expected
            assert begin == ("jobs", "report", "default", "normal", "" if cap is None else cap)
            assert own[2] == (b"" if due is None else str(due).encode())
