"""What a job is and what may happen to it: standard library and pydantic only, no I/O, no clock, no logging."""
