"""Answers out of bytes, in pieces of any size, with hiredis and without."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis.exceptions import InvalidResponse, NoScriptError, ResponseError

from hexjobs.adapters.redis.answer_reader import INCOMPLETE, AnswerReader, _PythonReader, answer_reader

STREAM = (
    b"+OK\r\n:42\r\n:-7\r\n$-1\r\n*-1\r\n$0\r\n\r\n*0\r\n$8\r\nab\r\ncd\r\n\r\n"
    b"*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+fine\r\n"
    b"-ERR wrong type\r\n-NOSCRIPT none\r\n-LOADING it is\r\n+\xc3\xa9\r\n"
)
ANSWERS = [
    b"OK", 42, -7, None, None, b"", [], b"ab\r\ncd\r\n", [1, [b"x", None], b"fine"],
    ResponseError("wrong type"), NoScriptError("none"), redis.BusyLoadingError("it is"), "é".encode(),
]  # fmt: skip


def plain(answer: Any) -> Any:
    """Errors compare by kind and words, without the code before them, which only some carry."""
    return (type(answer), str(answer).removeprefix("ERR ")) if isinstance(answer, Exception) else answer


@pytest.mark.parametrize("reader", [answer_reader, _PythonReader])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_answers_in_pieces(reader: type[AnswerReader], size: int) -> None:
    """The same answers, wherever the bytes are cut."""
    answers, found = reader(), []
    for at in range(0, len(STREAM), size):
        answers.feed(STREAM[at : at + size])
        while (answer := answers.gets()) is not INCOMPLETE:
            found.append(plain(answer))
    assert found == [plain(answer) for answer in ANSWERS]


@pytest.mark.parametrize("reader", [answer_reader, _PythonReader])
@pytest.mark.parametrize("text", [b"nonsense\r\n", b"$many\r\n"])
def test_what_is_no_answer(reader: type[AnswerReader], text: bytes) -> None:
    """Is refused."""
    answers = reader()
    answers.feed(text)
    with pytest.raises((InvalidResponse, ValueError)):
        answers.gets()
