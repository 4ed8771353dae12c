"""The journal: what every step left, success or failure."""
