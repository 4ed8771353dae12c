"""The `cuadre` command: a thin face on the steps of the pipeline and on the sandbox.

Results go to standard output, progress and words to standard error. Exit codes: 0 done, 1 a fault of ours,
2 wrong usage, 3 refused, 4 breaks found with --fail-on-breaks.
"""

from cuadre.cli.app import app, main

__all__ = ["app", "main"]
