"""What a step is: one model run under a name. Which steps there are is in `models.py` and `passes.py`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """Run `model` and keep its result as `name`, a table or a view."""

    name: str
    model: str
    view: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
