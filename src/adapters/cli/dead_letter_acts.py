"""`act_on_dead_letters`: does one thing to many dead letters, a thousand at a time, and tells how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...domain.errors import IllegalTransition, JobError, JobNotFound
from ...ports.dead_letter_answer import DeadLetterAnswer
from .exit_code import ExitCode, exit_code_of
from .output import print_data, print_error, print_json
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ...application.blocking_service import BlockingJobService

Act = Callable[[Sequence[str]], Sequence[DeadLetterAnswer]]
PART = 1000


def act_on_dead_letters(
    service: BlockingJobService,
    job_ids: Sequence[str],
    act: Act,
    outcome: str,
    *,
    as_json: bool,
    counts: bool,
) -> ExitCode:
    """Act on the ids; one that is refused keeps none from its turn. `outcome` is the word for what became of the others.

    Prints the id and the word of each; as JSON the same, or with `counts` how many there were. The exit code is 3 where
    a job was not found, else 1 where one was refused.
    """
    code = ExitCode.DONE
    done: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    bar = ProgressBar()
    for first in range(0, len(job_ids), PART):
        part = job_ids[first : first + PART]
        if len(job_ids) > 1:
            bar.show(first, len(job_ids), f"{first} of {len(job_ids)}")
        answers = act(part)
        bar.clear()
        for job_id, answer in zip(part, answers, strict=True):
            if answer is DeadLetterAnswer.DONE:
                done.append({"job_id": job_id, "outcome": outcome})
                if not as_json:
                    print_data(f"{job_id}\t{outcome}")
                continue
            error = _error(service, job_id, answer)
            print_error(str(error))
            refused.append({"job_id": job_id, "error": str(error)})
            code = max(code, exit_code_of(error))
    if as_json:
        print_json(
            {"selected": len(job_ids), outcome: len(done), "refused": refused}
            if counts
            else [*done, *refused]
        )
    return code


def _error(service: BlockingJobService, job_id: str, answer: DeadLetterAnswer) -> JobError:
    if answer is DeadLetterAnswer.UNIQUE_KEY_HELD:
        message = f"job {job_id!r} cannot be retried: another unfinished job has its unique_key"
        return IllegalTransition(message)
    if answer is DeadLetterAnswer.NOT_FOUND:
        return JobNotFound(job_id)
    try:
        status = service.get_job_status(job_id)
    except JobNotFound as error:
        return error
    return IllegalTransition(f"job {job_id!r} is no dead letter: it is {status}")
