"""The section of the settings for the outside services that handlers call. Each description is a row of docs/configuration.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from .fields import Count, Limit, Period
from .keys import Section

MOST_FAILURES = 1000  # the store keeps the time of each


class CircuitSettings(Section):
    """One circuit: an outside service that handlers name by `circuit=`."""

    failures: Annotated[Count, Field(le=MOST_FAILURES)] = Field(
        default=5, description="Failed runs within `window` that open the circuit."
    )
    window: Period = Field(
        default=timedelta(minutes=1), description="How long a failed run counts against the circuit."
    )
    open_for: Period = Field(
        default=timedelta(seconds=30),
        description="How long the jobs of an open circuit are put off before one run tries again.",
    )
    max_open_for: Limit = Field(
        default=None,
        description="With it, each try that fails doubles the time until the next one, up to this; `none` for no growth.",
    )
