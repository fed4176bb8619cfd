"""DelayedStage: the jobs that wait for a time, and their counters, exactly, while they come and go."""

from __future__ import annotations

import secrets
from collections import defaultdict

from .fingerprints import Fingerprints, fingerprint
from .inspection import Inspection
from .pages import PAGE

PARTS = 16
MOST_CHANGES = 500


class DelayedStage:
    """Counts the jobs that wait for a time.

    Scripts note each coming and going while somebody counts. Who did neither was seen by the scan, which meets all that
    are there throughout; who did is where its last change says. So the count holds for the instant at which the
    counters are read. No judgement where the notes
    are lost, or a later check has taken them over.
    """

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._seen: defaultdict[bytes, Fingerprints] = defaultdict(lambda: Fingerprints(PARTS))
        self._changed: dict[bytes, tuple[bool, bytes]] = {}
        self._token = secrets.token_hex(8)
        self._known = 0

    async def run(self) -> None:
        """Check the jobs, then the counters."""
        self._known = await self._inspection.act("check_recount", "begin", self._token)
        cursor, is_noted = b"0", True
        while True:
            cursor, *rows = await self._inspection.run("check_delayed", cursor, PAGE)
            for job_id, counter in zip(rows[::2], rows[1::2], strict=True):
                self._seen[counter].add([job_id])
            self._inspection.findings.looked_at["delayed"] += len(rows) // 2
            is_noted = is_noted and await self._follow("go on") is not None
            if int(cursor) == 0:
                break
        counters = await self._follow("end") if is_noted else None
        if counters is not None:
            await self._compare(counters)

    async def _follow(self, stage: str) -> dict[bytes, int] | None:
        """Take in what has changed; at the end the counters, None where the notes are lost."""
        while True:
            reply = await self._inspection.act("check_recount", stage, self._token, self._known, MOST_CHANGES)
            if not reply[0]:
                return None
            end = reply.index(None) if None in reply else len(reply)
            for change in reply[1:end]:
                counter, _, job_id = change[1:].partition(b" ")
                self._changed[job_id] = (change[:1] == b"+", counter)
            self._known += end - 1
            if end < len(reply):
                values = reply[end + 1 :]
                return {values[at]: int(values[at + 1]) for at in range(0, len(values), 2)}
            if stage == "go on" and end - 1 < MOST_CHANGES:
                return {}

    async def _compare(self, counters: dict[bytes, int]) -> None:
        moved = {fingerprint(job_id) for job_id in self._changed}
        there: defaultdict[bytes, int] = defaultdict(int)
        for counter, seen in self._seen.items():
            for number in seen.distinct(moved):
                there[counter] += number
                await self._inspection.pause()
        for is_there, counter in self._changed.values():
            there[counter] += is_there
        corrections: list[str | bytes | int] = []
        for counter in sorted(counters.keys() | there.keys()):
            told, number = counters.get(counter, 0), there[counter]
            if told != number:
                where = f"{self._inspection.keys.delayed}:counts"
                self._inspection.findings.add("count_wrong", "", where, f"{counter.decode()} {told} {number}")
                corrections += (counter, number - told)
        if corrections and self._inspection.repair:
            await self._inspection.act("check_counts", *corrections)
