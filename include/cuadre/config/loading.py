"""Read and validate source files; say where in the file a value is wrong and what is allowed there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cuadre.config.source import Source
from cuadre.model.errors import ConfigurationError

Location = tuple[int | str, ...]


def load_source(path: Path) -> Source:
    """The source defined in `path`; ConfigurationError names file, line, key and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.__class__.__name__}).") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigurationError(f"{where}: not valid YAML: {getattr(error, 'problem', 'unreadable')}.") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: a source file is a mapping with the keys {', '.join(Source.model_fields)}.")
    try:
        return Source.model_validate(data)
    except ValidationError as error:
        lines = _lines(text)
        raise ConfigurationError("\n".join(_sentence(path, lines, e) for e in error.errors())) from None


def load_sources(folder: Path) -> dict[str, Source]:
    """Every `*.yaml` in `folder` by source name, sorted; a name used twice is a ConfigurationError."""
    found: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yaml")):
        source = load_source(path)
        if source.source in found:
            raise ConfigurationError(f"{path}: the source name {source.source!r} is used twice.")
        found[source.source] = source
    return found


def _sentence(path: Path, lines: dict[Location, int], error: Any) -> str:
    location: Location = tuple(error["loc"])
    line = next((lines[location[:n]] for n in range(len(location), -1, -1) if location[:n] in lines), 1)
    key = ".".join(str(part) for part in location) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{path}:{line}: {key}: unknown key; allowed here: {', '.join(_allowed(location[:-1]))}."
    if error["type"] == "missing":
        return f"{path}:{line}: {key}: is missing."
    return f"{path}:{line}: {key}: {error['msg']}."


def _allowed(location: Location) -> list[str]:
    model: Any = Source
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(m for m in _models(annotation))
    return list(model.model_fields)


def _models(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models(argument)]


def _lines(text: str) -> dict[Location, int]:
    """Line number, from 1, of every key and item."""
    lines: dict[Location, int] = {}

    def walk(node: Any, location: Location) -> None:
        lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*location, str(key.value))
                lines[here] = key.start_mark.line + 1
                walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                walk(value, (*location, index))

    walk(yaml.compose(text, Loader=yaml.SafeLoader), ())
    return lines
