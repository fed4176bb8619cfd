"""DataCleanupJob: remove what is no longer needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .base import BaseJob


class DataCleanupPayload(BaseModel):
    """Remove files that were last changed more than `older_than_hours` ago.

    `root` names one of the configured roots (`cleanup.roots`), `pattern` selects by file name. Nothing is removed
    while `dry_run` is true, which is the default: the result then counts what would go.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cleanup_type: Literal["temp_files"] = "temp_files"
    root: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")] = "default"
    older_than_hours: Annotated[float, Field(gt=0, le=24 * 366 * 10, allow_inf_nan=False)]
    pattern: Annotated[str, Field(pattern=r"^[^/\x00]{1,255}$")] = "*"
    dry_run: bool = True


@dataclass(slots=True, kw_only=True)
class DataCleanupJob(BaseJob):
    """Cleans up; its payload is a `DataCleanupPayload`."""

    job_type: ClassVar[str] = "data_cleanup"
