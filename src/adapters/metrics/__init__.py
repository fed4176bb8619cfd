"""Counting and measuring for Prometheus."""
