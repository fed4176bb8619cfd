"""JobPayload: JSON within limits, and every place that is not."""

from __future__ import annotations

import json
import math
import re
import time
from collections import UserDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.payload import MAX_BYTES, MAX_DEPTH, JobPayload, PayloadLimits, json_problems

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)
objects = st.dictionaries(texts, values, max_size=5)
bad_values = st.sampled_from(
    [
        math.nan,
        math.inf,
        -math.inf,
        2**63,
        -(2**63) - 1,
        "\ud800",
        "ok\udfff",
        b"bytes",
        {1, 2},
        object(),
        {1: 2},
        {None: 1},
    ]
)


def problems_of(value: Any, limits: PayloadLimits = PayloadLimits()) -> dict[str, str]:
    """What is wrong, by field."""
    with pytest.raises(InvalidJob) as caught:
        JobPayload.of(value, limits)
    return {problem.field: problem.message for problem in caught.value.problems}


@given(objects)
def test_json_comes_back_as_it_went(value: dict[str, Any]) -> None:
    """Whatever is JSON is taken, is compact, and is read alike by any reader; also where it is not of plain types."""
    payload = JobPayload.of(value)
    assert payload.value() == value
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert json.dumps(payload.value(), ensure_ascii=False, separators=(",", ":")).encode() == written
    assert not re.search(rb"\s", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", payload.raw)), (
        "compact, outside of its texts"
    )
    assert JobPayload.of(UserDict(value)).raw == written
    assert json_problems(value) == []


@given(objects, st.lists(st.sampled_from(["a", "b", 0]), max_size=5), bad_values)
def test_a_bad_value_is_found_wherever_it_is(value: dict[str, Any], way: list[str | int], bad: Any) -> None:
    """In objects and lists, however deep; its path leads there."""
    path = "payload.here" + "".join("[0]" if step == 0 else f".{step}" for step in way)
    for step in reversed(way):
        bad = [bad] if step == 0 else {step: bad}
    found = problems_of({**value, "here": bad})
    assert list(found) == [path]


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ({"n": math.nan}, "payload.n", "is nan, which JSON cannot hold"),
        ({"n": -math.inf}, "payload.n", "is -inf"),
        ({"n": 2**63}, "payload.n", "does not fit 64 bits"),
        ({"n": -(2**63) - 1}, "payload.n", "does not fit 64 bits"),
        ({"s": "a\ud800b"}, "payload.s", "lone surrogate"),
        ({"\udc00": 1}, "payload (a key)", "lone surrogate"),
        ({1: "x"}, "payload", "has the key 1"),
        ({"a": {(1, 2): "x"}}, "payload.a", "has the key (1, 2)"),
        ({"a": [0, {"b": {1}}]}, "payload.a[1].b", "is a set, which is not JSON"),
        ({"a": b"x"}, "payload.a", "is a bytes"),
        ([1, 2], "payload", "must be a JSON object, not list"),
        (None, "payload", "must be a JSON object, not NoneType"),
        ("text", "payload", "must be a JSON object, not str"),
    ],
)
def test_what_is_wrong_is_named(value: Any, field: str, message: str) -> None:
    """Each kind of problem, with its field."""
    found = problems_of(value)
    assert list(found) == [field]
    assert message in found[field]


def test_all_problems_come_at_once() -> None:
    """One submit shows everything that has to be mended."""
    found = problems_of({"a": math.nan, "b": [2**63, "\ud800"], "c": {"d": object()}, 5: 1})
    assert set(found) == {"payload.a", "payload.b[0]", "payload.b[1]", "payload.c.d", "payload"}


@given(st.dictionaries(st.text(max_size=3) | st.just("\ud800"), bad_values | values, max_size=4))
def test_the_message_can_always_be_written(value: dict[str, Any]) -> None:
    """To a log or a terminal, also when the trouble is text that cannot be encoded."""
    problems = json_problems(value)
    assert str(InvalidJob(problems)).encode()


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**53 + 1, 0, -1])
def test_whole_numbers_of_64_bits_are_taken(number: int) -> None:
    """The edges belong to it."""
    assert JobPayload.of({"n": number}).value() == {"n": number}


def nested(depth: int, as_list: bool) -> dict[str, Any]:
    """An object with this many containers in one another."""
    value: Any = 1
    for _ in range(depth - 1):
        value = [value] if as_list else {"a": value}
    return {"a": value}


@pytest.mark.parametrize("as_list", [True, False])
def test_the_depth_is_exact(as_list: bool) -> None:
    """`max_depth` containers are legal, one more is not."""
    JobPayload.of(nested(MAX_DEPTH, as_list))
    [message] = problems_of(nested(MAX_DEPTH + 1, as_list)).values()
    assert "nested too deeply" in message
    JobPayload.of(nested(3, as_list), PayloadLimits(max_depth=3))
    problems_of(nested(4, as_list), PayloadLimits(max_depth=3))


def test_a_payload_far_too_deep_is_refused_calmly() -> None:
    """No RecursionError, also for an object that holds itself."""
    problems_of(nested(100_000, as_list=True))
    itself: dict[str, Any] = {}
    itself["itself"] = itself
    problems_of(itself)


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_the_size_is_counted_in_bytes_of_json(letter: str) -> None:
    """`max_bytes` are legal, one more is not."""
    fixed = len(b'{"text":""}')
    width = len(letter.encode())
    fits = {"text": letter * ((MAX_BYTES - fixed) // width)}
    assert len(JobPayload.of(fits).raw) <= MAX_BYTES
    found = problems_of({"text": fits["text"] + letter})
    assert f"at most {MAX_BYTES} are allowed" in found["payload"]


@given(objects, st.integers(2, 200))
def test_the_size_limit_holds(value: dict[str, Any], most: int) -> None:
    """Whatever the value is."""
    try:
        payload = JobPayload.of(value, PayloadLimits(max_bytes=most))
    except InvalidJob:
        assert len(JobPayload.of(value).raw) > most
    else:
        assert len(payload.raw) <= most


@pytest.mark.parametrize("kind", [dict, UserDict, MappingProxyType])
def test_any_mapping_is_an_object(kind: Any) -> None:
    """Also below the top; tuples are lists."""
    assert JobPayload.of(kind({"a": kind({"b": (1, 2)})})).value() == {"a": {"b": [1, 2]}}


def test_a_container_that_holds_itself_many_times_ends_the_check() -> None:
    """Few objects may stand for a billion values: the check stops, and says so."""
    value: list[object] = []
    for _ in range(30):
        value = [value, value]
    begin = time.monotonic()
    with pytest.raises(InvalidJob, match="holds more than 1000000 values"):
        JobPayload.of({"again": value})
    assert time.monotonic() - begin < 20
