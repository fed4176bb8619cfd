"""What a run that was stopped comes to."""

from __future__ import annotations

from ..domain.outcome import Cancel, Crash, Done, Fail, Outcome, Retry
from .run import Run, StopReason


def stopped_outcome(run: Run) -> Outcome:
    """What a run comes to that was stopped and has nothing to say: failed by its time, or cancelled."""
    seconds = f"{run.timeout_seconds or 0:.3g} s"
    match run.stop_reason:
        case StopReason.TIMEOUT:
            return Retry(f"the run took longer than its timeout of {seconds}")
        case StopReason.DEADLINE:
            return Fail(f"the job's deadline passed while it ran, {seconds} after this run began", "deadline")
        case _:
            return Cancel()


def settled_outcome(run: Run, outcome: Outcome) -> Outcome:
    """What counts of the outcome of a run that was stopped.

    A run whose time was over has failed, also where it returned in the end. One that was cancelled may complete; where
    it failed it is not tried again.
    """
    if run.stop_reason is StopReason.CANCELLED:
        return Cancel() if isinstance(outcome, (Retry, Crash)) else outcome
    return stopped_outcome(run) if isinstance(outcome, (Done, Crash)) else outcome
