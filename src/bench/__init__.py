"""`hexjobs bench`: what this installation does on the configured server, in a place of its own there."""
