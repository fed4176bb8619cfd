"""retry_after_seconds: reads the Retry-After header (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
SHORTEST = 1.0  # a wait spends no attempt: "0" for ever must not become a busy loop
_SECONDS = re.compile(r"[0-9]{1,10}\Z")


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds from `now`, between 1 and 3600; None where the header is missing or cannot be read."""
    text = (header or "").strip()
    if _SECONDS.match(text):
        seconds = float(text)
    else:
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            return None
        if instant.tzinfo is None:  # "-0000": a time in UTC of unknown origin
            instant = instant.replace(tzinfo=UTC)
        seconds = (instant - now).total_seconds()
    return min(max(seconds, SHORTEST), LONGEST)
