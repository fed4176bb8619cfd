"""ProcessFigures: what several processes counted, added up."""

from __future__ import annotations

import json

from hexjobs.ports.process_figures import ProcessFigures, Series

COUNT: Series = ("counter", "processed_total", ("type",), ("email",))
OTHER: Series = ("counter", "processed_total", ("type",), ("add",))
SLOTS: Series = ("gauge", "worker_slots", (), ())
SECONDS: Series = ("histogram", "duration_seconds", ("type",), ("email",))


def test_each_series_is_added_to_its_like() -> None:
    """Histograms bucket by bucket; what only one has stays; neither summand changes."""
    one = ProcessFigures([(COUNT, 2), (SLOTS, 5), (SECONDS, [1, 0, 2, 0.5])])
    other = ProcessFigures([(COUNT, 3), (OTHER, 1), (SECONDS, [0, 4, 1, 2.5])])
    total = ProcessFigures(one).add(other)
    assert dict(total) == {COUNT: 5, OTHER: 1, SLOTS: 5, SECONDS: [1, 4, 3, 3.0]}
    assert dict(one)[SECONDS] == [1, 0, 2, 0.5]
    assert dict(other) == {COUNT: 3, OTHER: 1, SECONDS: [0, 4, 1, 2.5]}


def test_histograms_of_other_buckets_are_left_out() -> None:
    """As between two versions."""
    total = ProcessFigures([(SECONDS, [1, 2, 0.5])]).add([(SECONDS, [1, 2, 3, 0.5])])
    assert dict(total) == {SECONDS: [1, 2, 0.5]}


def test_of_a_dead_process_stays_what_counts_up() -> None:
    """It has no slots any more."""
    dead = ProcessFigures([(COUNT, 2), (SLOTS, 5), (SECONDS, [1, 0.5])]).of_the_dead()
    assert dict(dead) == {COUNT: 2, SECONDS: [1, 0.5]}


def test_they_can_be_written_down() -> None:
    """As JSON and back."""
    figures = ProcessFigures([(COUNT, 2), (SLOTS, 5), (SECONDS, [1, 0.5])])
    assert ProcessFigures.from_json(json.loads(json.dumps(figures.to_json()))) == figures
