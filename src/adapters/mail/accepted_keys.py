"""AcceptedKeys: which messages of failed batches were accepted already, so that the next try leaves them out."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 20_000


class AcceptedKeys:
    """Remembers, in this process, the keys of messages that were accepted in a batch that failed as a whole.

    It spares most recipients a second copy when a bulk job is retried. It promises nothing: another process, or this
    one after a restart, sends again under the same Message-ID. At most 20,000 keys, the oldest are forgotten first.
    """

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}

    def __contains__(self, key: str | None) -> bool:
        return key in self._keys

    def remember(self, keys: Iterable[str]) -> None:
        """The batch failed: leave these out next time."""
        self._keys.update(dict.fromkeys(keys))
        for oldest in list(self._keys)[: max(0, len(self._keys) - _MOST)]:
            del self._keys[oldest]

    def forget(self, keys: Iterable[str]) -> None:
        """The batch is done."""
        for key in keys:
            self._keys.pop(key, None)
