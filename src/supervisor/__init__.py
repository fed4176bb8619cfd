"""The small parent of worker processes. Standard library alone, for it must outlive whatever its children do."""

CHILD_VARIABLE = "HEXJOBS_CHILD"
"""Tells a process that it is a child: its number, the supervisor's process, its end of the channel, a socket that listens."""
