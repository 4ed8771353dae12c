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
        node, data = _read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.__class__.__name__}).") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigurationError(f"{where}: not valid YAML: {getattr(error, 'problem', 'unreadable')}.") from error
    except (RecursionError, ValueError) as error:  # nested without end; a date there is not, a number beyond any use
        raise ConfigurationError(f"{path}: a value cannot be read ({error.__class__.__name__}).") from None
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: a source file is a mapping with the keys {', '.join(Source.model_fields)}.")
    try:
        return Source.model_validate(data)
    except ValidationError as error:
        lines = _lines(node)
        raise ConfigurationError("\n".join(_sentence(path, lines, e) for e in error.errors())) from None


def load_sources(folder: Path) -> dict[str, Source]:
    """Every `*.yaml` in `folder` by file name, sorted; ConfigurationError says all that is wrong with any of them."""
    found, wrong = readable_sources(folder)
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return found


def readable_sources(folder: Path) -> tuple[dict[str, Source], list[str]]:
    """The sources in `folder` by file name, sorted, and what is wrong with the files left out.

    Left out are files that cannot be read, and of two with one source name the second.
    """
    found: dict[str, Source] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            source = load_source(path)
        except ConfigurationError as error:
            wrong.append(str(error))
            continue
        if source.source in {each.source for each in found.values()}:
            wrong.append(f"{path}: the source name {source.source!r} is used twice.")
        else:
            found[path.name] = source
    return found, wrong


class _Loader(yaml.SafeLoader):
    """YAML in which every key stands once and every value stands where it counts.

    Of a key given twice YAML keeps the last and says nothing; aliases can blow a few lines up to any size.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it bare
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed here, write the value out", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The one document in `text` as nodes, which know their lines, and as values."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _sentence(path: Path, lines: dict[Location, int], error: Any) -> str:
    location: Location = tuple(error["loc"])
    line = next((lines[location[:n]] for n in range(len(location), -1, -1) if location[:n] in lines), 1)
    key = ".".join(str(part) for part in location) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{path}:{line}: {key}: unknown key; allowed here: {', '.join(_allowed(location[:-1]))}."
    if error["type"] == "missing":
        return f"{path}:{line}: {key}: is missing."
    return f"{path}:{line}: {key}: {error['msg'].removeprefix('Value error, ')}."


def _allowed(location: Location) -> list[str]:
    model: Any = Source
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(m for m in _models(annotation))
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models(argument)]


def _lines(document: yaml.Node | None) -> dict[Location, int]:
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

    walk(document, ())
    return lines
