"""Use cases on ports: submitting, running, looking up. Knows no server, no framework and no container."""
