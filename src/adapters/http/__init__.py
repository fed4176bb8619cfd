"""The way in over HTTP: health, readiness and metrics."""
