"""An application with jobs, and its tests: `pytest examples/tested_shop`."""
