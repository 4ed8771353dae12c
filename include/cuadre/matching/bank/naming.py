"""Which batch ids a payer's text names: the whole text, or a whole word of it; never a part of a word. And which of its
words look like a batch id, though no batch of that id is known.
"""

from __future__ import annotations

import re

NO_BATCH = "-"
"""What collects the lines without a batch; no reference names it."""

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+(?:[-_.]\w+)*")
"""Letters and digits, held together by hyphens, underscores and full stops inside: `B7-01` does not name `B7`."""


def named_in(reference: str | None) -> frozenset[str]:
    """Every text of `reference` that may be a batch id; none for NULL and blank. Upper and lower case differ."""
    if reference is None:
        return frozenset()
    return frozenset({reference.strip(), *_WORD.findall(reference)}) - {"", NO_BATCH}


def shape(text: str) -> str:
    """What ids of one provider have in common: `B000412` and `b000413` are of one shape."""
    return _DIGIT.sub("0", text.casefold())
