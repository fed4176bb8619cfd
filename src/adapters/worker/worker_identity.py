"""WorkerIdentity: under which id a process holds its jobs."""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading

import structlog

log = structlog.get_logger("hexjobs.worker")


class WorkerIdentity:
    """The id of a worker: host, process and random text, so that no other worker ever has it. Safe to share between threads.

    A worker whose lease is gone goes on under a new one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker_id = _new_worker_id()

    @property
    def worker_id(self) -> str:
        """The id that holds now."""
        return self._worker_id

    def renew(self, lost: str) -> bool:
        """Take a new id in the place of `lost`; False where that has been done."""
        with self._lock:
            if self._worker_id != lost:
                return False
            self._worker_id = _new_worker_id()
        log.warning("lease_lost", worker_id=lost, new_worker_id=self._worker_id)
        return True


def _new_worker_id() -> str:
    host = re.sub(r"[^a-z0-9-]", "-", socket.gethostname().lower())[:40]
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
