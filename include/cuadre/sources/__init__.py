"""Where archives come from, and the store they are kept in: list, stat, download; nothing else."""
