"""pytest fixtures for users of hexjobs; loaded by pytest as a plugin."""
