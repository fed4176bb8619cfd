"""The clocks that time comes from."""
