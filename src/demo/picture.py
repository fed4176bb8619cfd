"""`draw_picture`: the image that the demonstration resizes."""

from __future__ import annotations

import math
from pathlib import Path

PICTURE_SIZE = (2400, 1600)
_RADIUS = 120
_DARK, _LIGHT = (24, 54, 92), (250, 204, 84)


def draw_picture(path: Path) -> None:
    """Draw a honeycomb of 2400 x 1600 pixels that fades from blue to amber."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", PICTURE_SIZE, (16, 20, 28))
    draw = ImageDraw.Draw(picture)
    width, height = PICTURE_SIZE
    across, down = math.sqrt(3) * _RADIUS, 1.5 * _RADIUS
    for row in range(math.ceil(height / down) + 1):
        for column in range(math.ceil(width / across) + 1):
            centre = (column + (row % 2) / 2) * across, row * down
            share = (centre[0] / width + centre[1] / height) / 2
            draw.polygon(_hexagon(centre, _RADIUS - 8), fill=_between(min(1.0, share)))
    picture.save(path)


def _hexagon(centre: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    angles = [math.radians(60 * corner + 30) for corner in range(6)]
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]


def _between(share: float) -> tuple[int, int, int]:
    red, green, blue = (
        round(dark + (light - dark) * share) for dark, light in zip(_DARK, _LIGHT, strict=True)
    )
    return red, green, blue
