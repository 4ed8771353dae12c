"""By what a day was made: the version, and hashes of the code and of the rules in force. Looks at no data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import cuadre
from cuadre.config.source import Source
from cuadre.evidence.receipt import Made

_PACKAGE = Path(cuadre.__file__).parent
_MODELS = ("matching/sql", "marts/sql")
NO_RULES = frozenset(
    {
        "source",
        "description",
        "owner",
        "transport",
        "trust",
        "container",
        "warehouse",
        "thresholds",
        "decisions",
        "alerts",
    }
)
"""What of a source file decides on no outcome and no row: where things are, who is believed, and who is told when.

All the rest is a rule, so that a section that is new is one too.
"""


def made_by(source: Source) -> Made:
    """What makes the days of `source` in this installation."""
    return Made(version=cuadre.__version__, code=_code(), rules=_rules(source))


@cache
def _code() -> str:
    """SHA-256 over every module and every SQL model of the product."""
    return _digest(path for path in _PACKAGE.rglob("*") if path.suffix in (".py", ".sql"))


def _rules(source: Source) -> str:
    """SHA-256 over the SQL models of matching and marts, and over the rules of the source file."""
    models = _digest(path for folder in _MODELS for path in (_PACKAGE / folder).glob("*.sql"))
    own = source.model_dump_json(exclude=set(NO_RULES))
    return hashlib.sha256(f"{models}\n{own}".encode()).hexdigest()


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
