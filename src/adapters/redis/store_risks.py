"""store_risks: what about a Redis or Valkey, as it is set, endangers jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...ports.risk import Risk
from .transport import Transport

KEEP_ALL = "noeviction"
UNREADABLE = "is not known, because the server refuses"
_OF_FSYNC = {
    "everysec": Risk(
        "appendfsync is everysec: up to a second of acknowledged submits can be lost with the server; set it to always"
    ),
    "no": Risk(
        "appendfsync is no: acknowledged submits that the system has not yet written can be lost with the server; "
        "set it to always or everysec",
        is_grave=True,
    ),
    "": Risk(
        f"appendfsync {UNREADABLE} CONFIG: unless it is always, the latest acknowledged submits can be lost with the server"
    ),
}
_NOT_APPENDING = {
    "": Risk(
        "persistence is off: a restart of the server loses every job; set appendonly to yes", is_grave=True
    ),
    "some": Risk(
        "appendonly is no: the server loses every job since its last snapshot when it dies; set appendonly to yes",
        is_grave=True,
    ),
    "unknown": Risk(
        f"appendonly is no, and whether there are snapshots {UNREADABLE} CONFIG: "
        "the server loses jobs when it dies; set appendonly to yes",
        is_grave=True,
    ),
}


async def store_risks(transport: Transport) -> list[Risk]:
    """Each risk, the grave ones first. INFO is enough; what CONFIG would tell besides is unknown where it is refused."""
    info = await _info(transport)
    if info is None:
        return [Risk(f"whether the server may evict or lose jobs {UNREADABLE} INFO", is_grave=True)]
    found = _of_eviction(str(info.get("maxmemory_policy", KEEP_ALL)))
    found += _of_persistence(int(info.get("aof_enabled", 0)), await _settings(transport))
    return sorted(found, key=lambda risk: not risk.is_grave)


def _of_eviction(policy: str) -> list[Risk]:
    if policy == KEEP_ALL:
        return []
    what = "finished jobs before their time" if policy.startswith("volatile") else "jobs"
    sentence = f"maxmemory-policy is {policy}: the server may evict {what}; set it to {KEEP_ALL}"
    return [Risk(sentence, is_grave=True)]


def _of_persistence(is_appending: int, settings: Mapping[str, str]) -> list[Risk]:
    if is_appending:
        risk = _OF_FSYNC.get(settings.get("appendfsync", ""))
        return [] if risk is None else [risk]
    snapshots = settings.get("save")
    return [_NOT_APPENDING["unknown" if snapshots is None else "some" if snapshots else ""]]


async def _info(transport: Transport) -> Mapping[str, Any] | None:
    import redis.exceptions as errors

    try:
        found: Mapping[str, Any] = await transport.execute("INFO", "memory", "persistence")
    except errors.ResponseError:
        return None
    return found


async def _settings(transport: Transport) -> Mapping[str, str]:
    """What CONFIG tells; nothing where the server refuses it, as hosted ones do."""
    import redis.exceptions as errors

    try:
        words = [word.decode() for word in await transport.execute("CONFIG", "GET", "save", "appendfsync")]
    except errors.ResponseError:
        return {}
    return dict(zip(words[::2], words[1::2], strict=True))
