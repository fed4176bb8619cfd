"""ToldSubscription: the queues of a worker, in words that the server remembers."""

from __future__ import annotations

from hashlib import sha1

from ...ports.delivery import Subscription
from .transport import Argument

FEW_QUEUES = 16
UNKNOWN_DIGEST = 1
"""What `dequeue.lua` answers where it does not remember the queues."""


class ToldSubscription:
    """What a fetch tells of its queues: them all where they are few, else all of them once, and then their digest.

    The server forgets a digest that nobody has named for an hour; it says so, and hears all of them again.
    """

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        pairs: list[Argument] = []
        for pair in subscription.weights.items():
            pairs += pair
        queues = len(subscription.weights)
        told = repr((pairs, "in order" if subscription.strict else "by weight")).encode()
        digest = sha1(told, usedforsecurity=False).hexdigest()
        self.whole: list[Argument] = [digest, queues, *pairs]
        """The arguments that tell all of them."""
        self.arguments: list[Argument] = [digest, 0] if queues > FEW_QUEUES else self.whole
        """The arguments that do where the server remembers."""
