"""Which messages are believed, and how they are opened safely."""
