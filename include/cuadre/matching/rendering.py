"""Parameters into models: a small fixed set of SQL literals and expressions, and nothing else.

Models are `string.Template` texts; how a value becomes a literal is in `cuadre.model.literals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template


def render(model: str, parameters: Mapping[str, str]) -> str:
    """The statement of model `model` with its parameters, which are SQL already; KeyError when one is missing."""
    return Template(_text(model)).substitute(parameters)


@cache
def _text(model: str) -> str:
    return files("cuadre.matching").joinpath("sql", f"{model}.sql").read_text(encoding="utf-8")
