"""`python -m cuadre.cli` is the `cuadre` command, for where the command itself is not on the path."""

from cuadre.cli import main

main()
