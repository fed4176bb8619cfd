"""Everything in the memory of one process: for tests, and for applications that may lose their jobs when they end."""

from .circuits import MemoryCircuits
from .dead_letters import MemoryDeadLetters
from .job_queue import MemoryJobQueue
from .job_store import MemoryJobStore
from .leases import MemoryLeases
from .queue_control import MemoryQueueControl
from .schedule_store import MemoryScheduleStore
from .state import MemoryStore
from .store_check import MemoryStoreCheck

__all__ = [
    "MemoryCircuits",
    "MemoryDeadLetters",
    "MemoryJobQueue",
    "MemoryJobStore",
    "MemoryLeases",
    "MemoryQueueControl",
    "MemoryScheduleStore",
    "MemoryStore",
    "MemoryStoreCheck",
]
