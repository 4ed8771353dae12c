"""Imports Great Expectations in half the time, without the libraries that none of our expectations uses.

Great Expectations imports all its expectations at once, and with them what draws charts, what fits distributions, and
Spark wherever that is installed: seconds of every check. Spark it can do without; the others are read at their first
use, which never comes.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

_AT_FIRST_USE = ("altair", "scipy", "scipy.stats")
_NEVER = "pyspark"


@contextmanager
def sparing_imports() -> Iterator[None]:
    """While it lasts, what Great Expectations imports for others is read at its first use, or not found.

    Garbage is not collected meanwhile: an import makes little, and looking for it takes a fifth of the time.
    """
    finder, collecting = _SparingFinder(), gc.isenabled()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        sys.meta_path.remove(finder)


class _SparingFinder(MetaPathFinder):
    """Leaves all modules but a few to the finders behind it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is that can wait; None leaves it to others. ModuleNotFoundError for what nobody shall find."""
        if fullname.partition(".")[0] == _NEVER:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _AT_FIRST_USE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec
