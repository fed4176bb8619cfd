"""act_on_dead_letters: what is said of each kind of answer, and the exit codes."""

from __future__ import annotations

import json

import pytest

from hexjobs import BackgroundJobService
from hexjobs.adapters.cli.dead_letter_acts import act_on_dead_letters
from hexjobs.container import Container
from hexjobs.ports.dead_letter_answer import DeadLetterAnswer
from hexjobs.settings import load_settings

WELCOME = {"email_type": "welcome", "to": "user@example.com", "username": "John Doe"}
ANSWERS = {
    "done": DeadLetterAnswer.DONE,
    "nobody": DeadLetterAnswer.NOT_FOUND,
    "waits": DeadLetterAnswer.NOT_DEAD,
    "held": DeadLetterAnswer.UNIQUE_KEY_HELD,
}


@pytest.mark.parametrize(
    ("job_id", "code", "says"),
    [
        ("done", 0, ""),
        ("nobody", 3, "there is no job 'nobody'"),
        ("waits", 1, "job 'waits' is no dead letter: it is pending"),
        ("held", 1, "job 'held' cannot be retried: another unfinished job has its unique_key"),
    ],
)
def test_each_answer_has_its_words(
    capsys: pytest.CaptureFixture[str], job_id: str, code: int, says: str
) -> None:
    """The refused ones on standard error, and in the JSON; the done ones with their word."""
    overrides = {"jobs": {"provider": "memory"}}
    settings = load_settings(None, environ={}, overrides=overrides)
    with BackgroundJobService(Container(settings=settings)) as service:
        service.submit_job("email", WELCOME, job_id="waits")
        ids = ["done", job_id]
        ended = act_on_dead_letters(
            service, ids, lambda part: [ANSWERS[each] for each in part], "retried", as_json=True, counts=True
        )
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert ended == code
    assert says in err
    assert (document["selected"], document["retried"]) == (2, 2 if code == 0 else 1)
    assert [each["job_id"] for each in document["refused"]] == ([] if code == 0 else [job_id])


def test_thousands_are_acted_on_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand at a time, each told in its turn."""
    parts: list[int] = []

    def act(part: object) -> list[DeadLetterAnswer]:
        assert isinstance(part, list)
        parts.append(len(part))
        return [DeadLetterAnswer.DONE] * len(part)

    ids = [f"job-{number}" for number in range(2500)]
    service = BackgroundJobService(
        Container(settings=load_settings(None, environ={}, overrides={"jobs": {"provider": "memory"}}))
    )
    assert act_on_dead_letters(service, ids, act, "deleted", as_json=False, counts=True) == 0
    assert parts == [1000, 1000, 500]
    assert capsys.readouterr().out.splitlines() == [f"{job_id}\tdeleted" for job_id in ids]
