"""The project's own figures: `make bench`, `make bench-scripts` and `make bench-peers`."""
