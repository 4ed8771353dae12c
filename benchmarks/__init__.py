"""Measurements against the others. `make bench` runs them; nothing here asserts on time."""
