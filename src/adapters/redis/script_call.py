"""script_call: a call of a script by its digest, as the bytes that go to the server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .packed import packed
from .scripts import Script
from .transport import Argument, Word

# Its beginning, id, data and due time: the call that is made most, and alone.
LONE_SUBMIT = 4
_THREE_WORDS = b"%b" + 3 * b"$%d\r\n%b\r\n"


def script_call(script: Script, arguments: Sequence[Argument]) -> bytes:
    """EVALSHA with these arguments, of which the first is the prefix, or a tuple that begins with it.

    What such a tuple holds is packed once for all calls that begin with it.
    """
    first = arguments[0]
    if type(first) is not tuple:
        return packed("EVALSHA", script.sha, 1, f"{first!s}:meta", *arguments)
    command = _begin(script.sha, first, len(arguments) - 1)
    if len(arguments) == LONE_SUBMIT:
        _, one, two, three = arguments
        if type(one) is bytes and type(two) is bytes and type(three) is bytes:
            return _THREE_WORDS % (command, len(one), one, len(two), two, len(three), three)
    for word in arguments[1:]:
        data = word if type(word) is bytes else str(word).encode()
        command += b"$%d\r\n%b\r\n" % (len(data), data)
    return command


def whole_call(script: Script, arguments: Sequence[Argument]) -> bytes:
    """Likewise EVAL, with the script's text."""
    first = arguments[0]
    words = (*first, *arguments[1:]) if type(first) is tuple else tuple(arguments)
    return packed("EVAL", script.text, 1, f"{words[0]!s}:meta", *words)


@lru_cache(maxsize=1024)
def _begin(sha: str, words: tuple[Word, ...], more: int) -> bytes:
    """How a command begins that goes on with so many words more: how many it has, and those of this beginning."""
    begin = ("EVALSHA", sha, 1, f"{words[0]!s}:meta", *words)
    whole = packed(*begin)
    return b"*%d\r\n%b" % (len(begin) + more, whole[whole.index(b"\n") + 1 :])
