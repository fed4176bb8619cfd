"""FileProcessingJob: make one file out of another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .base import BaseJob

MAX_EDGE = 16_384


def check_relative_path(path: str) -> str:
    """The path as it is, or ValueError where it is absolute, climbs with `..`, or holds NUL."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\x00" in path or not pure.parts:
        raise ValueError("must be a path below the storage root, without '..'")
    return path


RelativePath = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(check_relative_path)]


class FileProcessingPayload(BaseModel):
    """Resize an image: it fits into `width` x `height` pixels and keeps its shape; it is never enlarged.

    `source` and `destination` are paths below the storage root; the ending of `destination` names the format.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Literal["image_resize"] = "image_resize"
    source: RelativePath
    destination: RelativePath
    width: Annotated[int, Field(ge=1, le=MAX_EDGE)]
    height: Annotated[int, Field(ge=1, le=MAX_EDGE)]
    quality: Annotated[int, Field(ge=1, le=100)] = 85


@dataclass(slots=True, kw_only=True)
class FileProcessingJob(BaseJob):
    """Processes a file; its payload is a `FileProcessingPayload`."""

    job_type: ClassVar[str] = "file_processing"
