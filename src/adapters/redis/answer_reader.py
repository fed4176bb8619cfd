"""answer_reader: from bytes, as they come, to answers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final, Protocol

from redis.connection import DefaultParser
from redis.exceptions import InvalidResponse
from redis.utils import HIREDIS_AVAILABLE

INCOMPLETE: Final = object()


class AnswerReader(Protocol):
    """Takes bytes in pieces of any size, and gives the answers in them, in their order."""

    def feed(self, data: bytes, /) -> None:
        """Take more bytes."""
        ...

    def gets(self) -> Any:
        """The next answer, an error as an exception of the client; INCOMPLETE where bytes are missing.

        InvalidResponse where they are no answer.
        """
        ...


# Which exception of the client an error is.
_error: Callable[[str], Exception] = DefaultParser.parse_error


def answer_reader() -> AnswerReader:
    """hiredis' reader where that is installed, else one in Python: redis-py's own ones read from a stream only."""
    if not HIREDIS_AVAILABLE:
        return _PythonReader()
    import hiredis

    reader: AnswerReader = hiredis.Reader(
        protocolError=InvalidResponse, replyError=_error, notEnoughData=INCOMPLETE
    )
    return reader


class _PythonReader:
    """RESP2. Source: https://valkey.io/topics/protocol/"""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0
        self._answer = self._next_answer()

    def feed(self, data: bytes, /) -> None:
        self._bytes += data

    def gets(self) -> Any:
        try:
            next(self._answer)
        except StopIteration as whole:
            del self._bytes[: self._at]
            self._at = 0
            self._answer = self._next_answer()
            return whole.value
        return INCOMPLETE

    def _next_answer(self) -> Generator[None, None, Any]:
        """Yields whenever bytes are missing."""
        while (end := self._bytes.find(b"\r\n", self._at)) < 0:
            yield
        line = bytes(self._bytes[self._at : end])
        kind, text = line[:1], line[1:]
        self._at = end + 2
        if kind == b"+":
            return text
        if kind == b"-":
            return _error(text.decode(errors="replace"))
        if kind not in (b":", b"$", b"*"):
            raise InvalidResponse(f"an answer began with {kind!r}")
        number = int(text)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"*":
            answers = [None] * number
            for place in range(number):
                answers[place] = yield from self._next_answer()
            return answers
        end = self._at + number
        while len(self._bytes) < end + 2:
            yield
        value = bytes(self._bytes[self._at : end])
        self._at = end + 2
        return value
