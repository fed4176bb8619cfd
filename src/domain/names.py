"""Which texts may name a job, a queue, a schedule or a job type. The rules keep keys, URLs and metric labels safe."""

from __future__ import annotations

import re

JOB_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}\Z")
NAME = re.compile(r"[a-z0-9_-]{1,64}\Z")
JOB_TYPE = re.compile(r"[a-z0-9_.:-]{1,64}\Z")


def is_job_id(text: object) -> bool:
    """Whether `text` may be a job id: 1 to 128 of letters, digits and `_.:@+-`."""
    return isinstance(text, str) and JOB_ID.match(text) is not None


def is_name(text: object) -> bool:
    """Whether `text` may name a queue, tenant or schedule: 1 to 64 of lower-case letters, digits, `_` and `-`."""
    return isinstance(text, str) and NAME.match(text) is not None


def is_job_type(text: object) -> bool:
    """Whether `text` may name a job type: as a name, and `.` and `:` too."""
    return isinstance(text, str) and JOB_TYPE.match(text) is not None
