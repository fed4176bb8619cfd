"""Handlers in processes of their own: `IsolatedRunner` in the worker, `ForkServer` in its helper."""
