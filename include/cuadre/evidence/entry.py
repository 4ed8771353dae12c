"""One record of the journal as one line of text: sealed with its own hash, and read back. Knows no other record."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""The hash before the first record."""

_SEAL = re.compile(rb'\{"at":"[^"]*",("hash":"([0-9a-f]{64})",)')
"""Where the seal stands in a line: keys are sorted, and only `at` comes before `hash`."""


@dataclass(frozen=True, slots=True)
class Head:
    """A record by its number, from 1, and its hash; 0 and GENESIS before the first one."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What chains a record: its number, its hash, the hash before, and whether its own hash is that of the line."""

    seq: int
    hash: str
    previous: str
    intact: bool


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one way `value` is written: keys sorted, no spaces, UTF-8. ValueError for what JSON does not know."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def seal(fields: Mapping[str, Any], after: Head) -> tuple[bytes, Head]:
    """The line of the record that follows `after`, and its head. The hash covers every other byte of the line."""
    numbered = {**fields, "seq": after.seq + 1, "previous": after.hash}
    digest = hashlib.sha256(canonical(numbered)).hexdigest()
    return canonical({**numbered, "hash": digest}) + b"\n", Head(after.seq + 1, digest)


def read_entry(line: bytes) -> Entry | None:
    """What `line`, with its newline, says of its place in the chain; None when it is no record of a journal."""
    found = _SEAL.match(line)
    if found is None:
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    seq, previous = fields.get("seq"), fields.get("previous")
    if type(seq) is not int or not isinstance(previous, str):
        return None
    unsealed = line[: found.start(1)] + line[found.end(1) :].removesuffix(b"\n")
    digest = found[2].decode()
    return Entry(seq, digest, previous, hashlib.sha256(unsealed).hexdigest() == digest)
