"""PillowImageProcessor: resizes images by Pillow, in a thread, within limits of pixels and formats."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ...domain.errors import InvalidConfiguration, PermanentError, Problem
from ...ports.services import ImageSize

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
# Only the decoders of formats that people send; each further one is a door.
_READABLE = ("JPEG", "PNG", "WEBP", "GIF")
# Exif 2.32, section 4.6.4: the tag, and the turn that undoes each of its values (members of Transpose).
_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_ON_ITS_SIDE = (5, 6, 7, 8)
# The colour space that a profile names in its bytes 16 to 19 (ICC.1:2010, section 7.2.6), by Pillow's mode.
_PROFILE_SPACES = {"RGB": b"RGB ", "RGBA": b"RGB ", "L": b"GRAY"}


class PillowImageProcessor:
    """A FileProcessingService: reads JPEG, PNG, WebP and GIF (its first frame), writes JPEG, PNG and WebP.

    An image of more than `max_pixels` is refused by its header, before a pixel is decoded. The orientation that a
    camera noted is applied. Of the metadata only the colour profile is kept: no place, no camera, no thumbnail.
    """

    def __init__(self, max_pixels: int = 50_000_000) -> None:
        self._max_pixels = max_pixels

    async def resize_image(
        self, image: bytes, destination: str, size: ImageSize, quality: int
    ) -> tuple[bytes, ImageSize, ImageSize]:
        """As the port says; transparency becomes white where the format is JPEG."""
        ending = PurePosixPath(destination).suffix.lower()
        image_format = _FORMATS.get(ending)
        if image_format is None:
            known = ", ".join(_FORMATS)
            raise PermanentError(f"{destination!r} ends in no known image format; known: {known}")
        return await asyncio.to_thread(self._resize, image, image_format, size, quality)

    def _resize(
        self, data: bytes, image_format: str, size: ImageSize, quality: int
    ) -> tuple[bytes, ImageSize, ImageSize]:
        try:
            from PIL import Image, UnidentifiedImageError
        except ImportError:
            message = "resizing images needs pillow: pip install 'hexjobs[files]'"
            raise InvalidConfiguration([Problem("files", message)]) from None
        try:
            with Image.open(BytesIO(data), formats=_READABLE) as opened:
                self._check_pixels(opened.width * opened.height)
                orientation = opened.getexif().get(_ORIENTATION)
                before, box = opened.size, (size.width, size.height)
                if orientation in _ON_ITS_SIDE:
                    before, box = (opened.height, opened.width), (size.height, size.width)
                picture = _smoothly_resizable(opened)
                picture.thumbnail(box, Image.Resampling.LANCZOS)
                if orientation in _TURNS:
                    picture = picture.transpose(Image.Transpose[_TURNS[orientation]])
                picture = _fit_for_format(picture, image_format)
            return _encoded(picture, image_format, quality), ImageSize(*before), ImageSize(*picture.size)
        except (PermanentError, MemoryError):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise PermanentError(f"the image is refused: {error}") from None
        except UnidentifiedImageError:
            raise PermanentError("the file is no JPEG, PNG, WebP or GIF image") from None
        except Exception as error:  # decoders raise what they like on crafted input, and it stays crafted
            raise PermanentError(f"the file is no image that can be resized: {error}") from error

    def _check_pixels(self, pixels: int) -> None:
        if pixels > self._max_pixels:
            raise PermanentError(f"the image has {pixels} pixels, at most {self._max_pixels} are allowed")


def _smoothly_resizable(image: Image) -> Image:
    """The image in a mode that Pillow filters when it resizes; palettes it would only sample."""
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):  # 16 bits a pixel; a plain conversion to 8 bits would cut off, not scale
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image


def _fit_for_format(image: Image, image_format: str) -> Image:
    """The image in a mode that the format stores, with its colour profile and no other metadata."""
    from PIL import Image as Images

    profile = image.info.get("icc_profile") or b""
    if image.has_transparency_data:
        fit = image.convert("RGBA")
        if image_format == "JPEG":
            white = Images.new("RGBA", fit.size, "white")
            fit = Images.alpha_composite(white, fit).convert("RGB")
    else:
        fit = image if image.mode == "L" else image.convert("RGB")
    fit.info = {"icc_profile": profile} if profile[16:20] == _PROFILE_SPACES[fit.mode] else {}
    return fit


def _encoded(image: Image, image_format: str, quality: int) -> bytes:
    written = BytesIO()
    profile = image.info.get("icc_profile")
    if image_format == "PNG":
        image.save(written, "PNG", icc_profile=profile)
    else:
        image.save(written, image_format, quality=quality, icc_profile=profile)
    return written.getvalue()
