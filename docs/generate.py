"""Writes the generated pages, or says which of them are out of date: `python -m docs.generate [--check]`.

Each page is made from the one place where its facts are declared; the functions that make them are in `pages.py`,
`commands.py`, `dags.py` and `sources.py`. Edit the declarations, never the pages.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs import accuracy, commands, dags, pages, sources

FOLDER = Path(__file__).parent

Pages = Mapping[str, Callable[[], str]]

PAGES: Pages = {
    "data_dictionary.md": pages.data_dictionary,
    "codes.md": pages.codes,
    "checks.md": pages.checks,
    "faults.md": pages.faults,
    "cli.md": commands.command_line,
    "dags.md": dags.airflow_dags,
    "source_file.md": sources.source_file,
    "accuracy.md": accuracy.accuracy,
}
"""Every generated page and what makes its text."""


def stale(made: Pages = PAGES, folder: Path = FOLDER) -> dict[str, str]:
    """The pages in `folder` that are not what they should be, with the text they should have."""
    wanted = {name: page() for name, page in made.items()}
    return {name: text for name, text in wanted.items() if _read(folder / name) != text}


def main(arguments: list[str], made: Pages = PAGES, folder: Path = FOLDER) -> int:
    """Write what is out of date; with `--check` write nothing and return 1 when anything is."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m docs.generate [--check]", file=sys.stderr)
        return 2
    out_of_date = stale(made, folder)
    for name, text in out_of_date.items():
        if arguments:
            print(f"docs/{name}: is not what its declarations say; run `make docs`.", file=sys.stderr)
        else:
            (folder / name).write_text(text, encoding="utf-8")
            print(f"docs/{name}: written.")
    return 1 if arguments and out_of_date else 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
