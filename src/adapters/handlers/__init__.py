"""The shipped handlers: each runs one job type on ports alone."""
