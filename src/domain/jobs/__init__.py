"""BaseJob, the job types that are shipped, and their payload models."""
