"""The systems that hexjobs is measured beside: each a small program in an environment of its own."""
