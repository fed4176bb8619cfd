"""The envelope codec: its golden files, its defaults, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import uuid
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.domain.priority import JobPriority
from hexjobs.ports.envelope import (
    Envelope,
    MalformedEnvelope,
    Message,
    NewerEnvelope,
    decode_envelope,
    made_at,
    uuid7_milliseconds,
)

GOLDEN = Path(__file__).parents[1] / "golden"
ENVELOPES = {
    "envelope-v1-minimal.json": Envelope(1, "email"),
    "envelope-v1-full.json": Envelope(
        1,
        "send_invoice",
        queue="billing",
        priority="high",
        at=1767225600123,
        due=1767225900123,
        max_retries=0,
        timeout=0,
        expires=1767229200000,
        deadline=1767232800000,
        retention=86400000,
        unique="invoice-7/é",
        tags=["eu", "retry"],
        metadata={"by": "ann", "n": [1, 2.5, None, True]},
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"},
        payload=msgspec.Raw('{"invoice":7,"text":"naïve \\"quoted\\"","big":9223372036854775807}'.encode()),
    ),
    "envelope-v1-raw-payload.json": Envelope(
        1, "report", priority="critical", payload=msgspec.Raw(b'{"n": 1.0e2,  "spaces" : "stay"}')
    ),
}
UUID7 = "019b76da-a800-7abc-8def-0123456789ab"
UUID7_MILLISECONDS = 0x019B76DAA800

words = st.text(min_size=1, max_size=20)
milliseconds = st.none() | st.integers(0, 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def golden(name: str) -> bytes:
    """The bytes of a golden file, without the line break that ends it."""
    return (GOLDEN / name).read_bytes().removesuffix(b"\n")


def test_every_golden_file_is_known() -> None:
    """Files of every version stay; none is read by nobody."""
    assert {path.name for path in GOLDEN.glob("envelope-*.json")} == set(ENVELOPES)


@pytest.mark.parametrize("name", ENVELOPES)
def test_golden_files_are_written_byte_for_byte(name: str) -> None:
    """The order of the fields is part of the format."""
    assert Message.of("id", ENVELOPES[name]).data == golden(name)


@pytest.mark.parametrize("name", ENVELOPES)
def test_golden_files_are_read(name: str) -> None:
    """What an older release wrote means the same."""
    assert decode_envelope(golden(name)) == ENVELOPES[name]


@given(
    type=words,
    queue=words,
    at=milliseconds,
    due=milliseconds,
    timeout=milliseconds,
    unique=st.none() | words,
    tags=st.none() | st.lists(words, max_size=3),
    metadata=st.none() | st.dictionaries(words, json_values, max_size=3),
    payload=st.dictionaries(words, json_values, max_size=3),
)
def test_any_envelope_comes_back(payload: dict[str, object], **fields: object) -> None:
    """Encoding and decoding lose nothing, and the text is plain JSON."""
    envelope = Envelope(1, payload=msgspec.Raw(msgspec.json.encode(payload)), **fields)  # type: ignore[arg-type]  # any
    data = Message.of("id", envelope).data
    assert decode_envelope(data) == envelope
    assert json.loads(data).get("payload", {}) == payload


def test_defaults_are_left_out() -> None:
    """A field that has its default takes no room."""
    plain = Envelope(1, "t", queue="default", priority="normal", tags=None)
    assert Message.of("id", plain).data == b'{"v":1,"type":"t"}'


def test_what_equals_a_default_is_left_out() -> None:
    """Also where it is another object, as every name that was read from a file or a request is."""
    read = json.loads('{"queue":"default","priority":"normal"}')
    assert Message.of("id", Envelope(1, "t", **read)).data == b'{"v":1,"type":"t"}'


def test_the_payload_stays_raw() -> None:
    """Its bytes are not read, nor written anew."""
    data = b'{"v":1,"type":"t","payload":{"a" : 1e2, "a":2}}'
    assert bytes(decode_envelope(data).payload) == b'{"a" : 1e2, "a":2}'


def test_unknown_fields_are_tolerated() -> None:
    """A newer release of the same version may add some."""
    assert decode_envelope(b'{"v":1,"type":"t","added":{"x":[1]},"payload":{}}').type == "t"


@pytest.mark.parametrize(
    "data",
    [
        b'{"v":2,"type":"t"}',
        b'{"v":2}',
        b'{"v":7,"kind":["another","shape"],"type":5,"queue":null}',
        b'{"type":{"name":"t"},"v":3}',
    ],
)
def test_a_newer_version_is_told_apart(data: bytes) -> None:
    """Whatever its shape: it waits for a newer worker."""
    with pytest.raises(NewerEnvelope, match=r"version \d is newer than 1"):
        decode_envelope(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"v":1}',
        b'{"type":"t"}',
        b'{"v":"1","type":"t"}',
        b'{"v":1,"type":"t"',
        b'{"v":1,"type":"t"} trailing',
        b'{"v":1,"type":"t","due":"soon"}',
        b'{"v":1,"type":"t","payload":{"n":NaN}}',
        b'{"v":1,"type":"\xff"}',
        b"\x80\x04\x95pickle",
        b'{"v":0,"type":"t"}',
        b'{"v":-1,"type":"t"}',
        b'{"v":true,"type":"t"}',
        b'{"v":1,"type":"t","payload":' + b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_malformed(data: bytes) -> None:
    """And nothing else is raised; no older or newer worker will ever read it."""
    with pytest.raises(MalformedEnvelope) as caught:
        decode_envelope(data)
    assert not isinstance(caught.value, NewerEnvelope)


@given(
    st.binary(max_size=60) | st.binary(max_size=20).map(lambda tail: b'{"v":1,"type":"t","payload":' + tail)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No other error comes out."""
    with contextlib.suppress(MalformedEnvelope):
        assert isinstance(decode_envelope(data), Envelope)


def test_the_level() -> None:
    """The priority as a domain value."""
    assert Envelope(1, "t").level is JobPriority.NORMAL
    assert Envelope(1, "t", priority="critical").level is JobPriority.CRITICAL


def test_made_at_comes_from_the_id() -> None:
    """RFC 9562, section 5.7: the first 48 bits of a UUIDv7 are milliseconds."""
    assert made_at(UUID7, Envelope(1, "t")) == UUID7_MILLISECONDS
    assert made_at(UUID7.upper(), Envelope(1, "t")) == UUID7_MILLISECONDS


def test_made_at_prefers_what_is_written() -> None:
    """And says 0 when nobody knows."""
    assert made_at(UUID7, Envelope(1, "t", at=5)) == 5
    assert made_at("my-own-id", Envelope(1, "t", at=5)) == 5
    assert made_at("my-own-id", Envelope(1, "t")) == 0


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
def test_the_milliseconds_of_any_uuid7(when: int, random: int) -> None:
    """Whatever the random bits are."""
    number = when << 80 | 7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (2**62 - 1)
    assert uuid7_milliseconds(str(uuid.UUID(int=number))) == when


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        "job-1",
        str(uuid.UUID("f81d4fae-7dec-41d0-8765-00a0c91e6bf6")),
        UUID7.replace("-", ""),
        "019b76da_a800_7abc_8def_0123456789ab",
        "zzzzzzzz-zzzz-7abc-8def-0123456789ab",
        UUID7 + "0",
    ],
)
def test_other_ids_hold_no_time(job_id: str) -> None:
    """Only the 36 characters of a version 7 do."""
    assert uuid7_milliseconds(job_id) is None
