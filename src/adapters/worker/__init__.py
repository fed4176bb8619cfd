"""The worker of one process: a pool of slots and small background roles of one shape."""
