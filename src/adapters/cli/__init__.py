"""The command line: what people and scripts type. Meets the application; the composition root is passed in."""
