"""Time zones by their IANA names."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from ..errors import InvalidJob, Problem
from ..suggestion import nearest

# What these mean differs between machines, or counts leap seconds.
_NOT_PORTABLE = ("localtime", "posixrules", "posix/", "right/")


def time_zone(name: str) -> ZoneInfo:
    """The zone of this IANA name, such as `Europe/Berlin`; InvalidJob, field `timezone`, gives the nearest name."""
    if not str(name).startswith(_NOT_PORTABLE):
        try:
            return ZoneInfo(name)
        except (
            KeyError,
            ValueError,
            OSError,
            TypeError,
        ):  # unknown; no legal key; a folder, such as Europe; no text
            pass
    hint = nearest(str(name), {zone for zone in available_timezones() if "/" in zone or zone == "UTC"})
    raise InvalidJob([Problem("timezone", f"{name!r} is not an IANA time zone{hint}")])
