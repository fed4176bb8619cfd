"""A process that is a child of the supervisor: what it reports, and the orders it obeys."""
