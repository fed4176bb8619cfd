"""Fingerprints: very many ids in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

MASK = (1 << 64) - 1


def fingerprint(job_id: bytes) -> int:
    """64 bits of an id, other ones in each process: what two ids have in common here they have not elsewhere."""
    return hash(job_id) & MASK


class Fingerprints:
    """A bag of ids in 8 bytes each; two of a million ids look alike once in 37 million times.

    Sorted in parts, at the first question about each part, so that no call takes long.
    """

    def __init__(self, parts: int = 256) -> None:
        self._parts = [array("Q") for _ in range(parts)]
        self._sorted = [True] * parts

    def add(self, job_ids: Iterable[bytes]) -> None:
        """Put ids in; one that is in there already counts twice."""
        for job_id in job_ids:
            value = fingerprint(job_id)
            part = value % len(self._parts)
            self._parts[part].append(value)
            self._sorted[part] = False

    def __contains__(self, job_id: bytes) -> bool:
        value = fingerprint(job_id)
        part = self._part(value % len(self._parts))
        at = bisect_left(part, value)
        return at < len(part) and part[at] == value

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def doubles(self) -> Iterator[set[int]]:
        """The fingerprints that are in here more than once, part by part."""
        for number in range(len(self._parts)):
            part = self._part(number)
            yield {value for value, after in pairwise(part) if value == after}

    def distinct(self, but: Collection[int]) -> Iterator[int]:
        """How many different ids there are in each part, those of `but` left out."""
        for number in range(len(self._parts)):
            yield len(set(self._part(number)).difference(but))

    def _part(self, number: int) -> array[int]:
        if not self._sorted[number]:
            self._parts[number] = array("Q", sorted(self._parts[number]))
            self._sorted[number] = True
        return self._parts[number]
