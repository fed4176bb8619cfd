"""`print_explanation`: why a job is not running, and what is known of its way so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .output import print_data, print_details, print_json
from .terminal import printable

if TYPE_CHECKING:
    from ...application.explain_job import Explanation

INSTANTS = {
    "created": "created_at",
    "due": "scheduled_at",
    "started": "started_at",
    "finished": "finished_at",
}


def print_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """One JSON document; else a line for each reason, then the timeline, one line for each thing that is known."""
    known = explanation.job.to_dict()
    instants = {event: known[name] for event, name in INSTANTS.items() if known[name] is not None}
    if as_json:
        told = (
            "job_id",
            "type",
            "queue",
            "priority",
            "status",
            "reason",
            "attempt",
            "max_retries",
            "crashes",
        )
        document: dict[str, Any] = {name: known[name] for name in told}
        document["reasons"] = [
            {"code": reason.code, "sentence": reason.sentence} for reason in explanation.reasons
        ]
        document["timeline"] = [{"event": event, "at": at} for event, at in instants.items()]
        print_json(document)
        return
    for reason in explanation.reasons:
        print_data(printable(reason.sentence))
    print_data("")
    runs = known["max_retries"]
    attempts = f"{known['attempt']}" + ("" if runs is None else f" of {runs + 1}")
    details = {
        "job": f"{known['job_id']} ({known['type']}, queue {known['queue']}, {known['priority']})",
        "status": known["status"],
        **instants,
        "attempts": attempts,
        "crashes": str(known["crashes"]) if known["crashes"] else None,
        "error": known["error"],
    }
    print_details(details, as_json=False)
