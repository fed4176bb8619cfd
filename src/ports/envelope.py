"""Envelope: one job as it travels and is stored.

Compact JSON, version 1, defaults left out, written once and never rewritten, so that fields a newer version adds
survive. The job's id is not in it: it is the key (or the attribute) under which an adapter keeps it. `at` (when the job
was made, in milliseconds since 1970) is left out where the id is a UUIDv7 of the same millisecond (RFC 9562, section
5.7). The payload stays raw until the handler's model reads it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..domain.priority import JobPriority

VERSION = 1
DEFAULT_QUEUE = "default"
DEFAULT_PRIORITY = "normal"


class MalformedEnvelope(ValueError):
    """The stored bytes are not an envelope."""


class NewerEnvelope(MalformedEnvelope):
    """The envelope has a version that this release does not know; a newer worker must take it."""


class Envelope(msgspec.Struct, omit_defaults=True, gc=False):
    """The wire form. Instants are milliseconds since 1970 in UTC, durations milliseconds.

    Field order is part of the format: scripts read `queue` and `priority` from the head of the text.
    """

    v: int
    type: str
    queue: str = DEFAULT_QUEUE
    priority: str = DEFAULT_PRIORITY
    at: int | None = None
    due: int | None = None
    max_retries: int | None = None
    timeout: int | None = None
    """Milliseconds; 0 means no limit."""
    expires: int | None = None
    deadline: int | None = None
    retention: int | None = None
    unique: str | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    payload: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def level(self) -> JobPriority:
        """The priority as a domain value."""
        return JobPriority.parse(self.priority)


class Message(msgspec.Struct, gc=False):
    """An envelope on its way into a queue: its id, its fields, and its encoded bytes."""

    job_id: str
    envelope: Envelope
    data: bytes

    @classmethod
    def of(cls, job_id: str, envelope: Envelope) -> Message:
        """Encode once."""
        # The encoder leaves out what is the default itself, not what equals it.
        if envelope.queue == DEFAULT_QUEUE:
            envelope.queue = DEFAULT_QUEUE
        if envelope.priority == DEFAULT_PRIORITY:
            envelope.priority = DEFAULT_PRIORITY
        return cls(job_id, envelope, _encode(envelope))


class _Version(msgspec.Struct):
    v: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode
_decode_version = msgspec.json.Decoder(_Version).decode


def decode_envelope(data: bytes) -> Envelope:
    """The envelope in `data`; MalformedEnvelope says what is wrong, NewerEnvelope names the version."""
    try:
        envelope = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse_newer(data)
        raise MalformedEnvelope(f"the stored bytes are not an envelope: {error}") from None
    if envelope.v > VERSION:
        raise NewerEnvelope(f"envelope version {envelope.v} is newer than {VERSION}")
    if envelope.v < 1:
        raise MalformedEnvelope(f"there is no envelope version {envelope.v}")
    return envelope


def _refuse_newer(data: bytes) -> None:
    try:
        version = _decode_version(data).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if version > VERSION:
        raise NewerEnvelope(f"envelope version {version} is newer than {VERSION}")


def made_at(job_id: str, envelope: Envelope) -> int:
    """When the job was made, in milliseconds since 1970: `at`, or the time inside a UUIDv7 id, or 0 when unknown."""
    if envelope.at is not None:
        return envelope.at
    return uuid7_milliseconds(job_id) or 0


def uuid7_milliseconds(job_id: str) -> int | None:
    """The milliseconds inside a UUIDv7 in its 36-character form (RFC 9562, section 5.7), else None."""
    if len(job_id) != 36 or job_id[14] != "7" or job_id[8] != "-" or job_id[13] != "-":
        return None
    try:
        return int(job_id[:8] + job_id[9:13], 16)
    except ValueError:
        return None
