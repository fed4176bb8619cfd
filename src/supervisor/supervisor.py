"""Supervisor: starts worker processes, watches them, replaces those that die, and stops them together."""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from ..ports.process_figures import ProcessFigures
from .backoff import Backoff
from .channel import Message
from .child_log import ChildLog
from .child_process import ChildProcess
from .inheritance import Inheritance
from .log_lines import LogLines
from .orphans import Orphans
from .overview import Overview
from .plan import Plan
from .signals import Signals

TICK_SECONDS = 1.0
START_SECONDS = 300.0
STOP_MARGIN_SECONDS = 30.0
HURRY_SECONDS = 20.0


class Supervisor:
    """The parent of `processes` children that run the same command, whose first one reads the settings and tells the plan.

    When that one ends before it is ready, `run` returns its exit code and starts nothing anew. A child that dies later
    is replaced, at once or after the backoff, and a living one is told whose jobs to give back. One that is quiet for
    `stuck_after` is killed; that time is counted in this process's own unbroken steps, so that freezing all of them kills
    nobody. `stop_margin` is what children get beyond the time that the plan gives to their jobs, in seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stream: TextIO | None = None,
        stop_margin: float = STOP_MARGIN_SECONDS,
    ) -> None:
        self._command = command
        self._stream = stream
        self._stop_margin = stop_margin
        self._plan: Plan | None = None
        self._lines = LogLines(stream)
        self._log = ChildLog(self._lines)
        self._children: dict[int, ChildProcess] = {}
        self._backoffs: dict[int, Backoff] = {0: Backoff()}
        self._due: dict[int, float] = {0: 0.0}
        self._overview, self._inheritance, self._orphans = Overview(), Inheritance(), Orphans()
        self._listener: int | None = None
        self._stops_obeyed = 0
        self._looked_at = time.monotonic()
        self._exit_code = 0

    def run(self) -> int:
        """Supervise until every child has ended for good; the exit code."""
        self._selector = selectors.DefaultSelector()
        with Signals() as signals, self._selector:
            self._selector.register(signals, selectors.EVENT_READ)
            while self._children or self._due:
                self._start_due(time.monotonic())
                self._selector.select(self._patience())
                signals.drain()
                for child in list(self._children.values()):
                    self._hear(child)
                self._reap()
                self._obey(signals.stops)
                self._watch()
        if self._plan is not None:
            self._lines.write("info", "supervisor_stopped", code=self._exit_code)
        return self._exit_code

    def _start_due(self, now: float) -> None:
        for number in [number for number, due in self._due.items() if due <= now]:
            listener = self._listener if number == 0 else None
            try:
                child = ChildProcess(number, self._command, listener, now)
            except OSError as error:
                if self._plan is None:
                    raise
                self._due[number] = now + max(self._backoffs[number].delay(0.0), TICK_SECONDS)
                self._log.not_started(number, error)
                continue
            del self._due[number]
            self._children[child.pid] = child
            self._selector.register(child.channel, selectors.EVENT_READ)
            self._overview.welcome(child, self._children.values(), first=self._plan is None)

    def _patience(self) -> float:
        due = min(self._due.values(), default=None)
        return TICK_SECONDS if due is None else max(0.0, min(TICK_SECONDS, due - time.monotonic()))

    def _hear(self, child: ChildProcess) -> None:
        try:
            for message in child.channel.receive():
                self._take(child, message)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            # Not of ours: something in the child wrote to a file that it had not opened.
            self._kill(child, "garbled")
        child.channel.flush()
        if not child.channel.is_open and child.channel in self._selector.get_map():
            self._selector.unregister(child.channel)

    def _take(self, child: ChildProcess, message: Message) -> None:
        now = time.monotonic()
        match message["type"]:
            case "report":
                child.quiet = 0.0
                child.health = message.get("health", child.health)
                if child.health.get("details", {}).get("stuck") and child.can_take_over:
                    self._kill(child, "stuck")
            case "figures":
                child.figures = ProcessFigures.from_json(message["figures"])
            case "identity":
                child.is_called(message["worker_id"])
            case "listening":
                self._listener = child.channel.descriptors.pop()
            case "ready":
                self._welcome(child, Plan(**message["plan"]))
            case "retire" if not child.is_leaving:
                self._log.retired(child, message["reason"])
                child.retired = message["reason"]
                child.ask("retire", now + self._stop_seconds())
                self._due[child.number] = now
            case "leaving" if not child.is_leaving:
                child.is_leaving = True
                child.kill_at = now + self._stop_seconds()
            case "taken_over":
                done = set(message["worker_ids"])
                child.takes_over = [each for each in child.takes_over if each not in done]
            case "ended":
                child.is_leaving, child.code = True, message["code"]
                child.kill_at = now + self._stop_margin

    def _welcome(self, child: ChildProcess, plan: Plan) -> None:
        child.is_ready, child.quiet = True, 0.0
        if self._plan is None:
            self._plan = plan
            self._lines = LogLines(self._stream, level=plan.log_level, console=plan.console)
            self._log = ChildLog(self._lines)
            if not self._stops_obeyed:
                for number in range(1, plan.processes):
                    self._backoffs[number], self._due[number] = Backoff(), 0.0
        self._log.started(child)
        self._inheritance.hand_over(self._children.values())

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self._children.get(pid)
            if child is not None:  # else an orphan
                self._bury(child, os.waitstatus_to_exitcode(status))

    def _bury(self, child: ChildProcess, code: int) -> None:
        child.is_gone = True
        self._hear(child)  # what it said before its end
        if child.channel in self._selector.get_map():
            self._selector.unregister(child.channel)
        child.channel.close()
        del self._children[child.pid]
        self._overview.bury(child)
        in_order = child.code is not None
        code = code if child.code is None else child.code
        if self._plan is None:
            self._exit_code = 0 if self._stops_obeyed else code if code >= 0 else 128 - code
            self._due.clear()
        elif self._stops_obeyed or child.retired is not None or (self._plan.burst and in_order):
            if child.is_ready and not self._exit_code:
                self._exit_code = max(code, 0) if in_order else int(code != 0)
        else:
            lived = time.monotonic() - child.started
            delay = self._backoffs[child.number].delay(lived)
            self._due[child.number] = time.monotonic() + delay
            self._log.died(child, code, lived, delay)
        if code:
            self._orphans.end(child.pid, set(self._children))
            self._inheritance.leave(child)
            self._inheritance.hand_over(self._children.values())

    def _obey(self, stops: int) -> None:
        while self._stops_obeyed < stops:
            self._stops_obeyed += 1
            self._due.clear()
            now = time.monotonic()
            for child in self._children.values():
                if self._stops_obeyed == 1:
                    child.ask("stop", now + self._stop_seconds())
                elif self._stops_obeyed == 2:
                    child.ask("hurry", now + HURRY_SECONDS)
                else:
                    child.kill("hurry", now, with_stacks=False)

    def _watch(self) -> None:
        now = time.monotonic()
        elapsed = min(now - self._looked_at, 1.5 * TICK_SECONDS)
        if elapsed < TICK_SECONDS / 4:
            return
        self._looked_at = now
        for child in list(self._children.values()):
            child.quiet += elapsed
            if child.kill_at is not None and now >= child.kill_at:
                if child.killed is None:
                    self._kill(child, "late")
                else:
                    child.signal(signal.SIGKILL)
            elif not child.is_leaving and child.killed is None and child.quiet > self._longest_quiet(child):
                self._kill(child, "stuck")
        self._orphans.look(set(self._children))
        failures = {number: self._backoffs[number].failures for number in self._due}
        self._overview.tell(list(self._children.values()), failures)

    def _kill(self, child: ChildProcess, reason: str) -> None:
        self._log.killed(child, reason)
        child.kill(reason, time.monotonic(), with_stacks=True)

    def _longest_quiet(self, child: ChildProcess) -> float:
        return self._plan.stuck_after if self._plan is not None and child.is_ready else START_SECONDS

    def _stop_seconds(self) -> float:
        return self._stop_margin + (0.0 if self._plan is None else self._plan.shutdown_timeout)


def supervise() -> int:
    """Run this process's own command as children; the exit code."""
    arguments = sys.orig_argv[1:] or ["-m", "hexjobs", *sys.argv[1:]]
    return Supervisor([sys.executable, *arguments]).run()
