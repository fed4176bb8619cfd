"""The checks of what operators look at: the health endpoints and the metrics, asked over HTTP."""

from __future__ import annotations

import asyncio
import json

from ..adapters.cli.http_probe import get
from ..domain.errors import ServerUnavailable
from .evidence import Evidence, Unmet, require

GROUPS = ("live", "ready", "jobs", "queues", "workers")
TIMEOUT_SECONDS = 5.0


async def check_health(evidence: Evidence) -> str:
    """Every health endpoint answers that all is well."""
    for group in GROUPS:
        status, body = await _get(f"{evidence.url}/health/{group}")
        require(status == 200 and json.loads(body)["status"] == "ok", f"/health/{group} answered {status}")
    return f"{', '.join(GROUPS)}: ok"


async def check_metrics(evidence: Evidence) -> str:
    """The metrics count the jobs that ran."""
    from prometheus_client.parser import text_string_to_metric_families

    status, body = await _get(f"{evidence.url}/metrics")
    require(status == 200, f"/metrics answered {status}")
    samples = [sample for family in text_string_to_metric_families(body) for sample in family.samples]
    counts = {
        (sample.labels["type"], sample.labels["status"]): int(sample.value)
        for sample in samples
        if sample.name == "hexjobs_processed_total"
    }
    require(
        counts.get(("email", "completed")) == 3,
        f"they count {counts.get(('email', 'completed'))} e-mail jobs",
    )
    require(counts.get(("demo.doomed", "failed")) == 1, "they do not count the dead letter")
    return f"{sum(counts.values())} runs counted, in {len(samples)} samples"


async def _get(url: str) -> tuple[int, str]:
    try:
        return await asyncio.to_thread(get, url, TIMEOUT_SECONDS)
    except ServerUnavailable as error:
        raise Unmet(str(error)) from None
