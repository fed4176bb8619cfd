"""FileProcessingHandler: runs jobs of type `file_processing`."""

from __future__ import annotations

from typing import Any, ClassVar

from ...application.job_context import JobContext
from ...domain.jobs.file_processing import FileProcessingPayload
from ...ports.services import FileProcessingService, ImageSize, StorageService

MAX_SOURCE_BYTES = 100 * 1024 * 1024


class FileProcessingHandler:
    """Resizes the image of the payload, from one path of the storage to another.

    The result tells the sizes in pixels and the length of the new file. A repeated run writes the same file again.
    """

    job_type: ClassVar[str] = "file_processing"
    payload_model: ClassVar[Any] = FileProcessingPayload

    def __init__(self, storage: StorageService, files: FileProcessingService) -> None:
        self._storage = storage
        self._files = files

    async def execute(self, context: JobContext, payload: FileProcessingPayload) -> dict[str, Any]:
        """Read, resize, write."""
        original = await self._storage.read(payload.source, MAX_SOURCE_BYTES)
        asked = ImageSize(payload.width, payload.height)
        image, before, after = await self._files.resize_image(
            original, payload.destination, asked, payload.quality
        )
        await self._storage.write(payload.destination, image)
        context.log.debug("image_resized", bytes_before=len(original), bytes_after=len(image))
        return {
            "destination": payload.destination,
            "width": after.width,
            "height": after.height,
            "source_width": before.width,
            "source_height": before.height,
            "bytes": len(image),
        }
