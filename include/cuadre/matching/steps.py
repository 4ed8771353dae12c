"""What a step is: one model run under a name. Which steps there are is in `models.py` and `passes.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cuadre.matching.rendering import render


@dataclass(frozen=True, slots=True)
class Step:
    """Keep what `model` says as `name`, a table or a view; a model that is run once lends the step its name."""

    name: str
    model: str = ""
    view: bool = False
    parameters: dict[str, str] = field(default_factory=dict)

    def statement(self, shared: Mapping[str, str]) -> str:
        """The CREATE that makes it, with its own parameters and the `shared` ones."""
        kind = "VIEW" if self.view else "TABLE"
        return f"CREATE {kind} {self.name} AS {render(self.model or self.name, {**shared, **self.parameters})}"
