"""Everything in the memory of one process: for tests, and for applications that may lose their jobs when they end."""

from .job_queue import MemoryJobQueue
from .job_store import MemoryJobStore
from .schedule_store import MemoryScheduleStore
from .state import MemoryStore

__all__ = ["MemoryJobQueue", "MemoryJobStore", "MemoryScheduleStore", "MemoryStore"]
