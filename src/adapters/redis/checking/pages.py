"""`pages`: reading a list that others change meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

PAGE = 100
# Pages overlap, so that what was taken from the head before the next one is read hides nothing.
OVERLAP = 20
MOST_REMEMBERED = 8 * PAGE
Part = tuple[int, int, list[bytes]]
"""The length of a list, how many entries of it were looked at, and the ids of those that stay."""


async def pages(read: Callable[[int], Awaitable[Part]]) -> AsyncIterator[list[bytes]]:
    """The ids of a list from its head on, in pages: each that is in it throughout is met.

    `read(skipped)` gives the part after so many entries. Their order never changes: some come at the tail, some come
    back to the head, any may go. So a page that begins with an id that was met has left nothing out; where one does not,
    much was taken from the head, and the reading goes back. What comes at the tail meanwhile is not waited for.
    """
    skipped, back, left = 0, PAGE, 0
    met: list[bytes] = []
    while True:
        length, looked_at, page = await read(skipped)
        if not skipped:
            left = length
        if skipped and not (page and page[0] in met):
            skipped, back = max(0, skipped - back), back * 2
            continue
        new = page[_overlap(met, page) :]
        if new:
            yield new
        left -= len(new) + looked_at - len(page)
        if left <= 0 or (looked_at < PAGE and looked_at == len(page)):
            return
        met = [*met, *new][-MOST_REMEMBERED:]
        skipped, back = max(0, skipped + len(page) - OVERLAP), PAGE


def _overlap(met: list[bytes], page: list[bytes]) -> int:
    """How many ids at the beginning of a page are those that were met last; some of these may be gone by now."""
    if not page or page[0] not in met:
        return 0
    at, same = len(met) - 1 - met[::-1].index(page[0]), 0
    for job_id in met[at:]:
        if same < len(page) and page[same] == job_id:
            same += 1
    return same
