"""What the application needs from outside, as Protocols. The docstring of a port is the contract that its suite checks."""
