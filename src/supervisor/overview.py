"""Overview: what the child that serves HTTP is told about all the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..ports.process_figures import ProcessFigures
from .channel import Message
from .child_process import ChildProcess


class Overview:
    """Keeps what dead children had counted, so that no sum ever goes backwards."""

    def __init__(self) -> None:
        self._of_the_dead = ProcessFigures()
        self._told: Message = {}

    def bury(self, child: ChildProcess) -> None:
        """Keep what a child had counted that has ended."""
        self._of_the_dead.add(child.figures.of_the_dead())

    def welcome(self, child: ChildProcess, children: Iterable[ChildProcess], *, first: bool) -> None:
        """Tell a new child; `first` when there was none before it."""
        if child.number == 0:
            self._told = {}
        child.channel.send({**self._message(children, child, {}), "type": "welcome", "first": first})

    def tell(self, children: Iterable[ChildProcess], failures: Mapping[int, int]) -> None:
        """Tell the child that serves HTTP what has changed; `failures`: the deaths in a row of children that are missing."""
        children = list(children)
        for child in children:
            if child.number == 0 and child.can_take_over and not child.channel.is_behind:
                message = self._message(children, child, failures)
                if message != self._told:
                    self._told = message
                    child.channel.send(message)

    def _message(
        self, children: Iterable[ChildProcess], reader: ChildProcess, failures: Mapping[int, int]
    ) -> Message:
        figures = ProcessFigures(self._of_the_dead)
        rows: list[Message] = [
            {"child": number, "state": "waiting", "failures": count} for number, count in failures.items()
        ]
        for child in children:
            if child is not reader:
                figures.add(child.figures)
                row = {"child": child.number, "pid": child.pid, "state": child.state, "health": child.health}
                rows.append(row)
        rows.sort(key=lambda row: int(row["child"]))
        return {"type": "others", "figures": figures.to_json(), "children": rows}
