"""`drive`: runs an operation to its end without an event loop.

The application and the adapters are written once, as coroutines. Over a blocking transport no such coroutine ever
suspends, so a thread can run it by hand: no loop, no other thread, no logic written twice; it survives fork and gevent.
"""

from __future__ import annotations

from asyncio import _get_running_loop
from collections.abc import Coroutine
from typing import Any, TypeVar

from .interruption import current_interruption

R = TypeVar("R")


def drive(operation: Coroutine[Any, Any, R]) -> R:
    """The result of an operation that never suspends; RuntimeError where it does, or inside a running event loop.

    In a handler's thread no timeout interrupts it: a shared connection cut off in the middle would harm other threads.
    """
    # The public form raises where there is none: to raise and to catch takes longer than the rest of this function.
    if _get_running_loop() is not None:
        operation.close()
        raise RuntimeError(
            "BackgroundJobService blocks and would stop this event loop; "
            "use AsyncBackgroundJobService here and await its methods"
        )
    interruption = current_interruption()
    if interruption is None:
        return _run(operation)
    try:
        is_held = interruption.hold()
    except BaseException:
        operation.close()
        raise
    try:
        return _run(operation)
    finally:
        if is_held:
            interruption.release()


def _run(operation: Coroutine[Any, Any, R]) -> R:
    try:
        operation.send(None)
    except StopIteration as finished:
        result: R = finished.value
        return result
    operation.close()
    raise RuntimeError("a blocking operation tried to wait for an event loop")
