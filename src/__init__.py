"""Background jobs for Python that survive a kill -9."""
