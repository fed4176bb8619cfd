"""`is_plain`: the quick look at a value, before the walk that can name what is wrong with it."""

from __future__ import annotations

import math
from typing import Any

MAX_VALUES = 1_000_000
GREATEST_INTEGER = 2**63 - 1
LEAST_INTEGER = -(2**63)


def is_plain(value: object, max_depth: int) -> bool:
    """Whether `value` is made of JSON's own types alone, its numbers, depth and count within bounds.

    Then nothing can be wrong with it but a lone surrogate in a text, which an encoder sees. What is not plain may still
    be JSON, such as a UserDict. A quarter of the time of `json_problems`, level by level.
    """
    if type(value) is not dict:
        value, max_depth = (value,), max_depth + 1
    level: list[Any] = [value]
    left = MAX_VALUES
    for _ in range(max_depth):
        deeper: list[Any] = []
        for container in level:
            left -= len(container)
            if left < 0:
                return False
            if type(container) is dict:
                for key in container:
                    if type(key) is not str:
                        return False
                container = container.values()  # noqa: PLW2901  # what it holds, as of a list
            for item in container:
                kind = type(item)
                if kind is str or kind is bool or item is None:
                    continue
                if kind is dict or kind is list or kind is tuple:
                    deeper.append(item)
                elif not (
                    (kind is int and LEAST_INTEGER <= item <= GREATEST_INTEGER)
                    or (kind is float and math.isfinite(item))
                ):
                    return False
        if not deeper:
            return True
        level = deeper
    return False
