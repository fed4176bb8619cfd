"""ThreadCall: one call of a `def` handler, made by the event loop and run by a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ...application.interruption import Interrupted, Interruption


class ThreadCall:
    """One call on its way to a thread and back.

    `future` is told what came of it; whoever awaits it may put another in its place. `is_over` is the loop's view.
    `give_back` takes the call when it has ended.
    """

    __slots__ = ("_error", "_function", "_interruption", "_result", "future", "give_back", "is_over")

    def __init__(
        self,
        function: Callable[[], Any],
        give_back: Callable[[ThreadCall], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._function = function
        self._interruption = Interruption()
        self._result: Any = None
        self._error: BaseException | None = None
        self.give_back = give_back
        self.future: asyncio.Future[Any] = loop.create_future()
        self.is_over = False

    def interrupt(self) -> bool:
        """Stop the thread's Python code; see `Interruption.interrupt`."""
        return self._interruption.interrupt()

    def run(self) -> bool:
        """Call the function in this thread; whether the thread may be used again: one that was interrupted may not."""
        try:
            try:
                self._interruption.begin()
                self._result = self._function()
            except BaseException as raised:  # noqa: BLE001  # sys.exit in a handler ends the job, not the thread
                self._error = raised
            if self._interruption.end():
                return True
            self._interruption.wait_out()
        except Interrupted as late:  # it came between the function's end and here
            self._error = late
        return False

    def finish(self) -> None:
        """Tell the future; called by the event loop."""
        self.is_over = True
        error, self._error = self._error, None
        if self.future.done():
            return  # nobody waits for it any more
        if error is None:
            self.future.set_result(self._result)
        elif isinstance(error, StopIteration):
            self.future.set_exception(RuntimeError(f"the handler raised {error!r}"))
        else:
            self.future.set_exception(error)
