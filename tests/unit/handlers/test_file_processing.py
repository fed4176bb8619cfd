"""FileProcessingHandler on a storage and a processor in memory."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.adapters.handlers.file_processing import MAX_SOURCE_BYTES, FileProcessingHandler
from hexjobs.domain.errors import InvalidJob, PermanentError
from hexjobs.domain.job_type import JobType
from hexjobs.ports.services import ImageSize
from support.handler_context import handler_context
from support.run import run


class MemoryStorage:
    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.limits: list[int] = []

    async def read(self, path: str, max_bytes: int) -> bytes:
        self.limits.append(max_bytes)
        if path not in self.files:
            raise PermanentError(f"there is no file {path!r}")
        return self.files[path]

    async def write(self, path: str, data: bytes) -> None:
        self.files[path] = data


class HalvingProcessor:
    def __init__(self) -> None:
        self.asked: list[tuple[bytes, str, ImageSize, int]] = []

    async def resize_image(
        self, image: bytes, destination: str, size: ImageSize, quality: int
    ) -> tuple[bytes, ImageSize, ImageSize]:
        self.asked.append((image, destination, size, quality))
        return b"small", ImageSize(40, 20), ImageSize(20, 10)


def execute(payload: dict[str, Any], storage: MemoryStorage, processor: HalvingProcessor) -> dict[str, Any]:
    job_type = JobType("file_processing", FileProcessingHandler.payload_model)
    model = job_type.decode(job_type.encode(payload).raw)
    handler = FileProcessingHandler(storage, processor)
    return run(handler.execute(handler_context("file_processing"), model))


def test_the_image_is_read_resized_and_written() -> None:
    storage, processor = MemoryStorage(photo=b"large"), HalvingProcessor()
    payload = {"source": "photo", "destination": "small.jpg", "width": 20, "height": 15, "quality": 70}
    assert execute(payload, storage, processor) == {
        "destination": "small.jpg",
        "width": 20,
        "height": 10,
        "source_width": 40,
        "source_height": 20,
        "bytes": 5,
    }
    assert storage.files["small.jpg"] == b"small"
    assert processor.asked == [(b"large", "small.jpg", ImageSize(20, 15), 70)]
    assert storage.limits == [MAX_SOURCE_BYTES]


def test_a_missing_source_writes_nothing() -> None:
    storage, processor = MemoryStorage(), HalvingProcessor()
    with pytest.raises(PermanentError, match="there is no file"):
        execute({"source": "photo", "destination": "s.jpg", "width": 2, "height": 2}, storage, processor)
    assert storage.files == {}
    assert processor.asked == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "a/../../secret", "a\x00.jpg", "", "."])
@pytest.mark.parametrize("field", ["source", "destination"])
def test_a_path_that_leads_out_of_the_storage_is_refused_before_it_is_queued(field: str, path: str) -> None:
    payload = {"source": "a.jpg", "destination": "b.jpg", "width": 2, "height": 2} | {field: path}
    with pytest.raises(InvalidJob) as refused:
        JobType("file_processing", FileProcessingHandler.payload_model).encode(payload)
    assert [problem.field for problem in refused.value.problems] == [f"payload.{field}"]
