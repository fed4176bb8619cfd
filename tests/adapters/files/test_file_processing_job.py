"""Jobs of type `file_processing` through the handler, real files and a real image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hexjobs.adapters.files.local_storage import LocalStorage
from hexjobs.adapters.files.pillow_image_processor import PillowImageProcessor
from hexjobs.adapters.handlers.file_processing import FileProcessingHandler
from hexjobs.domain.errors import PermanentError
from hexjobs.domain.job_type import JobType
from support.handler_context import handler_context
from support.run import run


def execute(root: Path, payload: dict[str, Any]) -> dict[str, Any]:
    job_type = JobType("file_processing", FileProcessingHandler.payload_model)
    model = job_type.decode(job_type.encode(payload).raw)
    handler = FileProcessingHandler(LocalStorage(root), PillowImageProcessor())
    return run(handler.execute(handler_context("file_processing"), model))


def test_a_real_photograph_becomes_a_thumbnail(tmp_path: Path) -> None:
    Image.effect_noise((2000, 1500), 60).convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    payload = {"source": "photo.jpg", "destination": "thumbs/photo.webp", "width": 400, "height": 400}
    result = execute(tmp_path, payload)
    thumbnail = tmp_path / "thumbs" / "photo.webp"
    assert result == {
        "destination": "thumbs/photo.webp",
        "width": 400,
        "height": 300,
        "source_width": 2000,
        "source_height": 1500,
        "bytes": thumbnail.stat().st_size,
    }
    with Image.open(thumbnail) as image:
        assert (image.format, image.size) == ("WEBP", (400, 300))
    assert execute(tmp_path, payload) == result


def test_a_link_to_a_secret_image_is_not_read(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "secret.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PermanentError, match="links are not followed"):
        execute(root, {"source": "link.png", "destination": "out.png", "width": 5, "height": 5})
    assert [path.name for path in root.iterdir()] == ["link.png"]
