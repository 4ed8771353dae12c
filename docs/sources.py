"""The page of a source file's settings, made from the pydantic models that read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cuadre.config.source import Source
from docs.pages import as_page, grid

Schema = dict[str, Any]

_FORMATS = {
    "date": "date, as 2026-03-02",
    "time": 'time of day, as "10:00"',
    "duration": "duration, as PT8H",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
}
_CURRENCY = "^[A-Z]{3}$"


def source_file() -> str:
    """Every key a source file may have: what it takes and what it is when left out."""
    schema = Source.model_json_schema()
    head = """\
# The source file

One reviewed YAML file in `include/sources/` for each provider account of a merchant. Unknown keys and impossible values
are refused, with the line they stand in and what is allowed. Secrets never stand in it: a *SecretReference* says where
one is. Times of day are local to `timezone`; percent is percent (3.99 means 3.99 %); money is in the currency beside it
and stands in quotes, so that no digit is lost.
"""
    sections = [_section("source file", schema)] + [_section(name, part) for name, part in _parts(schema)]
    return as_page("config/", head + "".join(sections))


def _parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The sections in the order in which the file names them."""
    found: dict[str, Schema] = {}

    def visit(part: Schema) -> None:
        for name in _named(part):
            if name not in found:
                found[name] = schema["$defs"][name]
                visit(found[name])

    visit(schema | {"$defs": {}})
    return iter(found.items())


def _named(node: object) -> Iterator[str]:
    """Names of the models `node` refers to, in order."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)


def _section(name: str, schema: Schema) -> str:
    words = "" if name == "source file" else f"\n{schema.get('description', '')}\n"
    if "properties" not in schema:
        return f"\n## {name}\n{words}"
    required = schema.get("required", [])
    rows = [
        (f"`{key}`", _takes(given), "has to be given" if key in required else _default(given))
        for key, given in schema["properties"].items()
    ]
    return f"\n## {name}\n{words}\n{grid(('key', 'takes', 'when left out'), rows)}"


def _takes(node: Schema) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in node:
            return _any(node[several])
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node.get("type") == "array":
        return _list(node)
    if node.get("type") == "object":
        return _map(node)
    kind: str = node["type"]
    return _bounded(_FORMATS.get(node.get("format", ""), "text" if kind == "string" else kind), node)


def _any(choices: list[Schema]) -> str:
    given = [choice for choice in choices if choice.get("type") != "null"]
    if {choice.get("type") for choice in given} == {"number", "string"}:  # how an exact decimal is described
        number = next(choice for choice in given if choice["type"] == "number")
        return _bounded("decimal", number)
    return " or ".join(_takes(choice) for choice in given)


def _list(node: Schema) -> str:
    if "prefixItems" in node:
        return f"[{', '.join(_takes(each) for each in node['prefixItems'])}]"
    return _bounded(f"list of {_takes(node['items'])}", node)


def _map(node: Schema) -> str:
    values: Schema = node.get("patternProperties") or {"": node.get("additionalProperties", {})}
    pattern, value = next(iter(values.items()))
    return f"for each {'currency' if pattern == _CURRENCY else 'name'}: {_takes(value)}"


def _bounded(words: str, node: Schema) -> str:
    bounds = [text.format(f"{node[key]:g}") for key, text in _BOUNDS.items() if key in node]
    if "pattern" in node:
        bounds.append(f"matching `{node['pattern']}`")
    return ", ".join([words, *bounds])


def _default(node: Schema) -> str:
    default = node.get("default")
    if default in (None, ""):
        return "nothing"
    if isinstance(default, dict):
        return "as below" if "$ref" in node else "none"
    if isinstance(default, list):
        return ", ".join(f"`{value}`" for value in default) or "none"
    return f"`{default}`"
