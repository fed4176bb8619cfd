"""Recurring jobs by cron expressions."""
