"""The Circuits port."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec.structs import replace

from contracts.harness import Adapter
from hexjobs.ports.circuits import CircuitRules, CircuitState, Passage

LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=30)
THROUGH = Passage(CircuitState.CLOSED)
PROBE = Passage(CircuitState.HALF_OPEN, is_probe=True)
STRICT = CircuitRules(failures=1, open_for=LONG)
PASSING = CircuitRules(failures=1, open_for=SHORT)


async def _opened(adapter: Adapter, rules: CircuitRules) -> None:
    assert await adapter.circuits.fail("stripe", rules, "first") == rules.open_for


async def _state(adapter: Adapter) -> CircuitState:
    return (await adapter.circuits.states(["stripe"]))[0]


async def _probing(adapter: Adapter, rules: CircuitRules) -> None:
    """The run `probe` probes a circuit that was opened under rules by which its time open is over at once."""
    await _opened(adapter, replace(rules, open_for=SHORT))
    await adapter.until_due(40)
    assert await adapter.circuits.enter("stripe", rules, "probe") == PROBE


async def test_an_unknown_circuit_is_closed(adapter: Adapter) -> None:
    """ "Ask whether a run may go through. A circuit that nothing is known of is closed, and lets every run through." """
    assert await _state(adapter) is CircuitState.CLOSED
    assert [await adapter.circuits.enter("stripe", STRICT, f"run-{n}") for n in range(3)] == [THROUGH] * 3


async def test_it_opens_with_the_last_failure(adapter: Adapter) -> None:
    """ "A closed circuit opens with the last of `failures` within `window`." "Note that a run has failed; when this
    opened the circuit, how long it stays open, else None." """
    rules = CircuitRules(failures=3, window=LONG, open_for=LONG)
    assert await adapter.circuits.fail("stripe", rules, "run-1") is None
    assert await adapter.circuits.fail("stripe", rules, "run-2") is None
    assert await adapter.circuits.enter("stripe", rules, "run-3") == THROUGH
    assert await (await adapter.two()).circuits.fail("stripe", rules, "run-3") == LONG
    assert await _state(adapter) is CircuitState.OPEN


async def test_failures_outside_the_window_do_not_count(adapter: Adapter) -> None:
    """ "A closed circuit opens with the last of `failures` within `window`." """
    rules = CircuitRules(failures=3, window=timedelta(milliseconds=60))
    for number in range(6):
        assert await adapter.circuits.fail("stripe", rules, f"run-{number}") is None
        await adapter.until_due(40)
    assert await _state(adapter) is CircuitState.CLOSED


async def test_an_open_circuit_lets_none_through(adapter: Adapter) -> None:
    """ "An open circuit lets none through" "Where it may not, `wait` is how long to wait before it asks again." """
    await _opened(adapter, STRICT)
    for client in (adapter, await adapter.two()):
        passage = await client.circuits.enter("stripe", STRICT, "run")
        assert (passage.state, passage.is_allowed, passage.is_probe) == (CircuitState.OPEN, False, False)
        assert LONG - timedelta(seconds=30) < passage.wait <= LONG


async def test_the_first_to_ask_is_the_probe(adapter: Adapter) -> None:
    """ "when its time is over, the run that asks first becomes the probe, and the circuit is half-open." "A half-open
    circuit lets none but the probe through" "`is_probe` is true for the one run that finds out whether an open circuit
    may close." """
    await _opened(adapter, PASSING)
    await adapter.until_due(40)
    clients = [await adapter.two() for _ in range(5)]
    passages = await asyncio.gather(
        *(
            client.circuits.enter("stripe", STRICT, f"run-{number}-{turn}")
            for turn in range(4)
            for number, client in enumerate(clients)
        )
    )
    assert [passage for passage in passages if passage.is_allowed] == [PROBE], "exactly one of twenty"
    refused = {passage.state for passage in passages if not passage.is_allowed}
    assert refused == {CircuitState.HALF_OPEN}
    assert all(timedelta(0) < p.wait <= STRICT.probe_lease for p in passages if not p.is_allowed)
    assert await _state(adapter) is CircuitState.HALF_OPEN


async def test_the_probe_may_ask_again(adapter: Adapter) -> None:
    """ "Every run names itself by a `token` that no other run has." """
    await _probing(adapter, STRICT)
    assert await adapter.circuits.enter("stripe", STRICT, "probe") == PROBE
    assert not (await adapter.circuits.enter("stripe", STRICT, "run")).is_allowed


async def test_a_successful_probe_closes(adapter: Adapter) -> None:
    """ "Close a half-open circuit, its failures forgotten, when the run is its probe; whether this closed it." """
    two = CircuitRules(failures=2, open_for=LONG)
    await _probing(adapter, STRICT)
    assert not await adapter.circuits.succeed("stripe", "run"), "not the probe"
    assert await _state(adapter) is CircuitState.HALF_OPEN
    assert await adapter.circuits.succeed("stripe", "probe")
    assert await _state(adapter) is CircuitState.CLOSED
    assert await adapter.circuits.enter("stripe", two, "run") == THROUGH
    assert await adapter.circuits.fail("stripe", two, "run") is None, "the failures before count no more"
    assert not await adapter.circuits.succeed("stripe", "probe"), "closed already"


async def test_success_does_not_close_an_open_circuit(adapter: Adapter) -> None:
    """ "Close a half-open circuit" and no other."""
    await _opened(adapter, STRICT)
    assert not await adapter.circuits.succeed("stripe", "first")
    assert await _state(adapter) is CircuitState.OPEN


async def test_a_failed_probe_opens_again(adapter: Adapter) -> None:
    """ "A half-open circuit opens again when the probe has failed." """
    await _probing(adapter, STRICT)
    assert await adapter.circuits.fail("stripe", STRICT, "probe") == LONG
    assert await _state(adapter) is CircuitState.OPEN
    assert not (await adapter.circuits.enter("stripe", STRICT, "run")).is_allowed
    assert await adapter.circuits.fail("stripe", STRICT, "probe") is None, "it is the probe no more"


async def test_each_failed_probe_doubles_the_time(adapter: Adapter) -> None:
    """ "With `max_open_for` each failed probe doubles that time up to it." """
    open_for = timedelta(milliseconds=10)
    rules = CircuitRules(failures=1, open_for=open_for, max_open_for=timedelta(milliseconds=35))
    spans = [await adapter.circuits.fail("stripe", rules, "first")]
    for number in range(3):
        await adapter.until_due(40)
        assert (await adapter.circuits.enter("stripe", rules, f"run-{number}")).is_probe
        spans.append(await adapter.circuits.fail("stripe", rules, f"run-{number}"))
    assert spans == [open_for, 2 * open_for, timedelta(milliseconds=35), timedelta(milliseconds=35)]
    await adapter.until_due(40)
    assert (await adapter.circuits.enter("stripe", rules, "last")).is_probe
    assert await adapter.circuits.succeed("stripe", "last")
    assert await adapter.circuits.fail("stripe", rules, "run") == open_for, "closed, it begins anew"


async def test_other_runs_change_nothing(adapter: Adapter) -> None:
    """ "What other runs come to changes no circuit that is open or half-open." """
    await _opened(adapter, PASSING)
    assert await adapter.circuits.fail("stripe", STRICT, "late") is None
    await adapter.until_due(40)
    assert (await adapter.circuits.enter("stripe", STRICT, "probe")).is_probe
    assert await adapter.circuits.fail("stripe", STRICT, "late") is None
    assert await _state(adapter) is CircuitState.HALF_OPEN


async def test_a_dead_probe_is_replaced(adapter: Adapter) -> None:
    """ "until the probe is dead: then the run that asks first takes its place." "A probe counts as dead when it did not
    say within `probe_lease` that it is alive." """
    dying = CircuitRules(failures=1, open_for=LONG, probe_lease=SHORT)
    await _probing(adapter, dying)
    await adapter.until_due(40)
    assert await adapter.circuits.enter("stripe", STRICT, "next") == PROBE
    assert not await adapter.circuits.keep_probing("stripe", STRICT, "probe"), "it has been replaced"
    assert not await adapter.circuits.succeed("stripe", "probe")
    assert await adapter.circuits.fail("stripe", STRICT, "probe") is None
    assert await _state(adapter) is CircuitState.HALF_OPEN
    assert await adapter.circuits.succeed("stripe", "next")


async def test_a_probe_that_is_alive_stays(adapter: Adapter) -> None:
    """ "Say that the probe is alive, for another `probe_lease`; False when this run is not the probe any more." """
    dying = CircuitRules(failures=1, open_for=LONG, probe_lease=SHORT)
    await _probing(adapter, dying)
    assert await adapter.circuits.keep_probing("stripe", STRICT, "probe")
    await adapter.until_due(40)
    assert not (await adapter.circuits.enter("stripe", STRICT, "next")).is_allowed
    assert not await adapter.circuits.keep_probing("stripe", STRICT, "next")
    assert not await adapter.circuits.keep_probing("unknown", STRICT, "probe")


async def test_an_abandoned_probe_is_replaced_at_once(adapter: Adapter) -> None:
    """ "Let the next run that asks be the probe in place of this one, which found nothing out." """
    await _probing(adapter, STRICT)
    await adapter.circuits.abandon("stripe", "another")
    assert not (await adapter.circuits.enter("stripe", STRICT, "next")).is_allowed
    await adapter.circuits.abandon("stripe", "probe")
    assert await adapter.circuits.enter("stripe", STRICT, "next") == PROBE
    await adapter.circuits.abandon("stripe", "probe")
    assert await _state(adapter) is CircuitState.HALF_OPEN


async def test_circuits_have_names(adapter: Adapter) -> None:
    """ "The states in the order of the names." """
    await adapter.circuits.fail("open", STRICT, "run")
    states = await adapter.circuits.states(["closed", "open", "closed too"])
    assert states == [CircuitState.CLOSED, CircuitState.OPEN, CircuitState.CLOSED]


async def test_the_time_is_the_stores_own(adapter: Adapter) -> None:
    """ "Time is the store's own." """
    await _opened(adapter, PASSING)
    await adapter.until_due(40)
    assert (await (await adapter.two()).circuits.enter("stripe", STRICT, "run")).is_probe
