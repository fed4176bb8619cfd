"""PillowImageProcessor on real images, and on files that only claim to be some."""

from __future__ import annotations

import asyncio
import struct
import sys
import threading
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw

from hexjobs.adapters.files.pillow_image_processor import PillowImageProcessor
from hexjobs.domain.errors import InvalidConfiguration, PermanentError
from hexjobs.ports.services import ImageSize
from support.run import run

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, image_format, **options)
    return written.getvalue()


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(image).rectangle((0, height // 2, width, height), BLUE)
    return image.convert(mode)


def resized(
    data: bytes,
    destination: str = "out.png",
    width: int = 100,
    height: int = 100,
    quality: int = 85,
    **options: Any,
) -> tuple[Image.Image, ImageSize, ImageSize]:
    """The result, opened again, with the sizes that were reported."""
    processor = PillowImageProcessor(**options)
    result, before, after = run(processor.resize_image(data, destination, ImageSize(width, height), quality))
    image = Image.open(BytesIO(result))
    image.load()
    assert image.size == (after.width, after.height)
    return image, before, after


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """The nearest plain colour at a place; JPEG does not keep it to the bit."""
    found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(255 if value > 127 else 0 for value in found)


@pytest.mark.parametrize(
    ("destination", "image_format"),
    [("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.png", "PNG"), ("deep/a.webp", "WEBP")],
)
def test_a_photograph_is_fitted_into_the_box_in_the_format_of_the_destination(
    destination: str, image_format: str
) -> None:
    photograph = encoded(picture(2000, 1500), "JPEG", quality=90)
    image, before, after = resized(photograph, destination, 800, 800)
    assert (before, after) == (ImageSize(2000, 1500), ImageSize(800, 600))
    assert image.format == image_format
    assert colour(image, 400, 100) == RED
    assert colour(image, 400, 500) == BLUE


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((2000, 1500), (300, 1000), (300, 225)),
        ((1000, 10), (100, 100), (100, 1)),
        ((1000, 2), (100, 100), (100, 1)),
        ((50, 40), (100, 100), (50, 40)),
        ((50, 400), (100, 100), (12, 100)),
    ],
)
def test_the_shape_is_kept_and_nothing_is_enlarged(
    size: tuple[int, int], box: tuple[int, int], expected: tuple[int, int]
) -> None:
    _, _, after = resized(encoded(picture(*size), "PNG"), "a.png", *box)
    assert (after.width, after.height) == expected


def test_quality_matters_for_jpeg() -> None:
    noise = Image.effect_noise((400, 400), 80)
    box = ImageSize(400, 400)
    low, high = (
        len(run(PillowImageProcessor().resize_image(encoded(noise, "PNG"), "a.jpg", box, quality))[0])
        for quality in (20, 90)
    )
    assert low < high / 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
def test_the_orientation_that_the_camera_noted_is_applied(orientation: int, image_format: str) -> None:
    upright = Image.new("RGB", (400, 200), WHITE)
    draw = ImageDraw.Draw(upright)
    draw.rectangle((0, 0, 199, 99), RED)
    draw.rectangle((200, 100, 400, 200), BLUE)
    stored = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # the member of Transpose that a camera so held applied
    seen = upright.transpose(Image.Transpose(stored[orientation])) if orientation in stored else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, before, after = resized(encoded(seen, image_format, exif=exif, quality=95), "a.png", 100, 100)
    assert (before, after) == (ImageSize(400, 200), ImageSize(100, 50))
    assert [colour(image, x, y) for x, y in ((20, 10), (80, 10), (20, 40), (80, 40))] == [
        RED,
        WHITE,
        WHITE,
        BLUE,
    ]


@pytest.mark.parametrize("destination", ["a.jpg", "a.png", "a.webp"])
def test_metadata_stays_behind_and_the_colour_profile_comes_along(destination: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(picture(400, 300), "JPEG", exif=exif, icc_profile=profile, comment=b"Secret words")
    assert b"Secret Camera" in data
    assert b"Secret words" in data
    image, _, _ = resized(data, destination)
    assert image.info["icc_profile"] == profile
    result, _, _ = run(PillowImageProcessor().resize_image(data, destination, ImageSize(50, 50), 80))
    assert b"Secret" not in result
    assert not image.getexif()


def test_transparency_stays_where_the_format_has_it_and_becomes_white_where_not() -> None:
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 99, 200), (0, 0, 255, 255))
    data = encoded(image, "PNG")
    for destination in ("a.png", "a.webp"):
        kept = resized(data, destination)[0].convert("RGBA")
        assert kept.getpixel((90, 50)) == pytest.approx((0, 0, 0, 0), abs=255)
        assert kept.getchannel("A").getpixel((90, 50)) == 0
        assert kept.getchannel("A").getpixel((10, 50)) == 255
    flat = resized(data, "a.jpg")[0]
    assert colour(flat, 90, 50) == WHITE
    assert colour(flat, 10, 50) == BLUE


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
@pytest.mark.parametrize("destination", ["a.jpg", "a.png", "a.webp"])
def test_every_mode_that_the_formats_store_can_be_resized(mode: str, destination: str) -> None:
    if mode == "I;16":
        pixels = struct.pack("<H", 60_000) * 40_000 + struct.pack("<H", 2_000) * 40_000
        image = Image.frombytes("I;16", (400, 200), pixels)
    else:
        image = picture(400, 200, mode)
    result, _, after = resized(encoded(image, "JPEG" if mode == "CMYK" else "PNG"), destination)
    assert after == ImageSize(100, 50)
    above, below = (result.convert("L").getpixel((50, y)) for y in (10, 40))
    assert isinstance(above, int | float)
    assert isinstance(below, int | float)
    assert above >= below
    if mode == "I;16":
        assert [above, below] == pytest.approx([233, 8], abs=3)


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (200, 100), frame) for frame in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image, _, after = resized(data)
    assert after == ImageSize(100, 50)
    assert colour(image, 50, 25) == RED


def png_claiming(width: int, height: int, rows: bytes = b"") -> bytes:
    """A small PNG whose header claims any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_an_image_bomb_is_refused_by_its_header(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    with pytest.raises(PermanentError, match=r"has \d+ pixels, at most|exceeds limit"):
        resized(png_claiming(*size))


def test_the_limit_of_pixels_can_be_set() -> None:
    data = encoded(picture(100, 100), "PNG")
    resized(data, max_pixels=10_000)
    with pytest.raises(PermanentError, match="has 10000 pixels, at most 9999"):
        resized(data, max_pixels=9_999)


def test_a_bomb_of_compressed_text_is_refused() -> None:
    data = png_claiming(10, 10, bytes(310))
    text = b"k\x00\x00" + zlib.compress(bytes(64 * 1024 * 1024))
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    with pytest.raises(PermanentError):
        resized(data[:33] + chunk + data[33:])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\nrm -rf /\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"\x7fELF" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"GIF89a" + bytes(20),
        png_claiming(10, 10, b"too short"),
    ],
)
def test_what_is_no_image_is_a_permanent_error(data: bytes) -> None:
    with pytest.raises(PermanentError, match="image"):
        resized(data)


def test_a_truncated_photograph_is_a_permanent_error() -> None:
    data = encoded(picture(2000, 1500), "JPEG")
    with pytest.raises(PermanentError, match="truncated"):
        resized(data[: len(data) // 2])


def test_a_format_that_is_not_asked_for_is_not_opened() -> None:
    for image_format in ("TIFF", "BMP", "PPM", "ICO"):
        with pytest.raises(PermanentError, match="no JPEG, PNG, WebP or GIF"):
            resized(encoded(picture(20, 20), image_format))


@pytest.mark.parametrize("destination", ["a", "a.svg", "a.gif", "a.png.exe", ".png"])
def test_an_unknown_ending_is_a_permanent_error(destination: str) -> None:
    with pytest.raises(PermanentError, match=r"known: \.jpg, \.jpeg, \.png, \.webp"):
        resized(encoded(picture(20, 20), "PNG"), destination)


def test_a_missing_extra_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(picture(20, 20), "PNG")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InvalidConfiguration, match=r"pip install 'hexjobs\[files\]'"):
        run(PillowImageProcessor().resize_image(data, "a.png", ImageSize(9, 9), 80))


def test_the_event_loop_goes_on_while_an_image_is_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resizing waits for a step that only a running event loop can make."""
    turned = threading.Event()
    resize = PillowImageProcessor._resize

    def wait_for_the_loop(*args: Any) -> Any:
        assert turned.wait(10)
        return resize(*args)

    monkeypatch.setattr(PillowImageProcessor, "_resize", wait_for_the_loop)

    async def scene() -> None:
        data = encoded(picture(20, 20), "PNG")
        resizing = asyncio.create_task(
            PillowImageProcessor().resize_image(data, "a.png", ImageSize(9, 9), 80)
        )
        await asyncio.sleep(0)
        turned.set()
        await resizing

    run(scene())
