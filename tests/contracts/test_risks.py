"""Risks: a store says how it may lose jobs."""

from __future__ import annotations

from contracts.harness import Adapter


async def test_a_store_that_forgets_says_so(adapter: Adapter) -> None:
    """ "What about the store, as it is set now, may lose jobs; the grave ones first. A risk is grave when a restart of
    the store, or its lack of room, may take acknowledged jobs. A store that is not durable has one."

    The servers of this suite run without persistence, as memory does.
    """
    risks = await adapter.queue.risks()
    assert risks, "no store of this suite outlives its process"
    assert risks[0].is_grave
    assert risks == sorted(risks, key=lambda risk: not risk.is_grave)
    assert len({risk.sentence for risk in risks}) == len(risks)
