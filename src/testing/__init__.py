"""For the tests of applications: the job system in memory, with a clock that stands still."""

from ..application.own_effects import OwnEffects
from .drain_report import DrainReport, JobRun
from .frozen_clock import FrozenClock
from .test_jobs import TestJobs

__all__ = ["DrainReport", "FrozenClock", "JobRun", "OwnEffects", "TestJobs"]
