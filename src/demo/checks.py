"""The checks: each looks at one effect, returns what it saw, and raises Unmet where that is not as it should be."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

from ..domain.jobs.base import BaseJob
from .evidence import Evidence, only_completed, require
from .picture import PICTURE_SIZE


def check_welcome(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The mail arrived, with a text and an HTML part that greet the user."""
    only_completed(jobs)
    mail = _only_mail_to(evidence, "grace@example.com")
    require(
        "Grace" in _part(mail, "plain") and "Grace" in _part(mail, "html"), "the mail does not greet Grace"
    )
    return f"arrived: {mail['Subject']!r}, as text and HTML"


def check_template(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The mail arrived, with the variables in their places."""
    only_completed(jobs)
    mail = _only_mail_to(evidence, "ada@example.com")
    text = _part(mail, "plain")
    require("R-1815" in text and "Total: 43.00 EUR" in text, "the receipt lacks its number or its total")
    return f"arrived: {mail['Subject']!r}, total 43.00 EUR"


def check_bulk(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """Each of the 50 recipients got exactly one mail."""
    job = only_completed(jobs)
    found = sorted(str(mail["To"]) for mail in evidence.mail.mails if str(mail["To"]).startswith("reader-"))
    wanted = [f"reader-{number:02}@example.com" for number in range(1, 51)]
    require(found == wanted, f"{len(found)} mails for {len(set(found))} recipients arrived")
    require(job.result["accepted"] == 50, f"the result says {job.result}")
    return "50 mails arrived, one for each recipient"


def check_image(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The new file is an image of the size that was asked for, with the picture still in it."""
    only_completed(jobs)
    from PIL import Image

    with Image.open(evidence.place.files / "thumbnail.jpg") as image:
        image.load()
        require(
            image.format == "JPEG" and image.size == (800, 533), f"it is a {image.format} of {image.size}"
        )
        left, right = image.getpixel((200, 100)), image.getpixel((700, 450))
        require(left != right, "it has one colour only")
    return f"{PICTURE_SIZE[0]}x{PICTURE_SIZE[1]} became 800x533"


def check_cleanup(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The old temporary files are gone, and nothing else is."""
    job = only_completed(jobs)
    left = sorted(path.name for path in evidence.place.temporary.iterdir())
    wanted = ["old-but-wanted.txt", *(f"young-{number:02}.tmp" for number in range(5))]
    require(left == wanted, f"{len(left)} files are left: {', '.join(left[:3])}, ...")
    require(job.result["removed"] == 12, f"the result says {job.result}")
    return "12 old files are gone, the other 6 are there"


def check_webhook(evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The receiver got the event once, under the job's idempotency key."""
    job = only_completed(jobs)
    require(len(evidence.webhooks.posts) == 1, f"{len(evidence.webhooks.posts)} posts arrived")
    (post,) = evidence.webhooks.posts
    require(post.body.get("body") == {"order": "R-1815", "total": "43.00 EUR"}, f"the body is {post.body}")
    require(post.headers.get("x-hexjobs-event") == "order.paid", "the event's name is missing")
    require(post.headers.get("idempotency-key") == f"hexjobs:{job.job_id}", "the idempotency key is missing")
    return "received: order.paid, with its idempotency key"


def check_delay(_evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The job did not start before its time."""
    job = only_completed(jobs)
    assert job.started_at is not None
    waited = job.started_at - job.created_at
    require(waited >= timedelta(seconds=2), f"it started after {waited.total_seconds():.3f} s")
    require(waited < timedelta(seconds=6), f"it started only after {waited.total_seconds():.3f} s")
    return f"asked for 2 s later, started after {waited.total_seconds():.2f} s"


def check_overtaking(_evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The last one submitted, of high priority, started before most of those that waited already."""
    for job in jobs:
        only_completed([job])
    *others, high = (job.result["position"] for job in jobs)
    behind = sum(position > high for position in others)
    require(behind >= len(others) // 2, f"it started as number {high}, before {behind} of {len(others)}")
    return f"submitted as number {len(jobs)}, started as number {high}"


def check_retries(_evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The third run succeeded."""
    job = only_completed(jobs)
    require(job.attempt == 3, f"it took {job.attempt} runs")
    return f"{job.result}"


def check_dead(_evidence: Evidence, jobs: list[BaseJob]) -> str:
    """The job is a dead letter, after both of its runs, with its last error."""
    (job,) = jobs
    require(
        job.status == "failed" and job.reason == "attempts_exhausted",
        f"the job is {job.status}, {job.reason}",
    )
    require(job.attempt == 2 and "fails on purpose" in (job.error or ""), "its last error is missing")
    return f"dead after {job.attempt} runs, with its last error"


def _only_mail_to(evidence: Evidence, address: str) -> EmailMessage:
    found = [mail for mail in evidence.mail.mails if str(mail["To"]) == address]
    require(len(found) == 1, f"{len(found)} mails to {address} arrived")
    return found[0]


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    require(part is not None, f"the mail has no part of text/{kind}")
    assert part is not None
    return str(part.get_content())
