"""The ways out and in: each package puts one technology behind a port."""
