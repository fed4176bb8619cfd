"""Removing what is old, below roots that the configuration names."""
