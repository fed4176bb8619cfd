"""Telling other services: webhooks by httpx."""
