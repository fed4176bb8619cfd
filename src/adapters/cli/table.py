"""`table`: rows under their titles, in columns as wide as they need to be."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "
LEAST_WIDTH = 8


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[bool], width: int
) -> list[str]:
    """The lines; a column marked `right` is aligned to the right. Where `width` is exceeded the last column is cut."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    before_last = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    widths[-1] = max(min(widths[-1], width - before_last), min(widths[-1], LEAST_WIDTH))
    return [_line(cells, widths, right) for cells in (titles, *rows)]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        _cut(cell, width).rjust(width) if to_right else _cut(cell, width).ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ]
    return GAP.join(padded).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: max(0, width - 3)] + "..."
