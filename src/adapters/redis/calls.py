"""Calls: what a call does about a lost script, a broken connection and a refusal. Written once, for every road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from .address import Address
from .packed import packed
from .road import ConnectionBroke, Road
from .script_call import script_call, whole_call
from .scripts import Script
from .translated import Translated
from .transport import Argument


class Calls:
    """The operations of `Transport` over one road. They suspend where the road does, and nowhere else."""

    def __init__(self, road: Road, address: Address) -> None:
        self._road = road
        self._translated = Translated(address)

    async def run(self, script: Script, arguments: Sequence[Argument], repeatable: bool) -> Any:
        """See `Transport.run`."""
        try:
            try:
                try:
                    return await self._road.ask(script_call(script, arguments), repeatable=repeatable)
                except NoScriptError:
                    return await self._road.ask(whole_call(script, arguments))
            except ConnectionBroke as broke:
                if not repeatable:
                    raise
                try:
                    return await self._road.ask(whole_call(script, arguments))
                except ResponseError:
                    raise broke from None  # the first may have run
        except (RedisError, OSError) as error:
            self._translated.raise_meaning(error)
            raise

    async def execute(self, command: Sequence[Argument]) -> Any:
        """See `Transport.execute`. The answer has the shape that the client gives it: INFO is a mapping."""
        with self._translated:
            answer = await self._road.ask(packed(*command))
        shape = _shapes().get(command[0])
        return answer if shape is None else shape(answer)

    async def wait(self, command: Sequence[Argument], longest: float, *, exactly: bool) -> Any:
        """See `Transport.wait`."""
        with self._translated:
            return await self._road.ask_blocking(packed(*command), longest, exactly=exactly)

    async def close(self) -> None:
        """See `Transport.close`."""
        await self._road.close()


@cache
def _shapes() -> Mapping[Argument, Callable[[Any], Any]]:
    shapes: Mapping[Argument, Callable[[Any], Any]] = redis.Redis(protocol=2).response_callbacks
    return shapes
