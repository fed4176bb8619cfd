"""`act_on_each`: does one thing to many jobs, and tells of each how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence

from ...domain.errors import IllegalTransition, JobNotFound
from .exit_code import ExitCode, exit_code_of
from .output import print_data, print_error, print_json
from .progress_bar import ProgressBar
from .terminal import is_terminal

Act = Callable[[str], str]


def act_on_each(job_ids: Sequence[str], act: Act, *, as_json: bool, failed: Collection[str] = ()) -> ExitCode:
    """Act on each id; `act` returns the word for what became of the job. One that is refused keeps none from its turn.

    Prints the id and the word of each. The exit code is 3 where a job was not found, else 1 where one was refused or
    its word is one of `failed`.
    """
    code = ExitCode.DONE
    answers: list[dict[str, str]] = []
    bar = ProgressBar()
    shows_lines = not as_json and is_terminal(sys.stdout)
    for number, job_id in enumerate(job_ids):
        if len(job_ids) > 1 and not shows_lines:
            bar.show(number, len(job_ids), f"{number} of {len(job_ids)}")
        try:
            word = act(job_id)
        except (JobNotFound, IllegalTransition) as error:
            bar.clear()
            print_error(str(error))
            answers.append({"job_id": job_id, "error": str(error)})
            code = max(code, exit_code_of(error))
            continue
        answers.append({"job_id": job_id, "outcome": word})
        if word in failed:
            code = max(code, ExitCode.FAILED)
        if not as_json:
            print_data(f"{job_id}\t{word}")
    bar.clear()
    if as_json:
        print_json(answers)
    return code
