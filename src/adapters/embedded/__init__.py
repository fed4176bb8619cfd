"""A Valkey server of one's own on a data directory, shared by the processes that use it and gone when the last one leaves."""
