"""The line of a settlement day, on real parts."""

from __future__ import annotations

from collections.abc import Callable

from cuadre.sandbox.archive import SandboxDay
from tests.pipeline.conftest import House


def test_a_day_goes_through_the_whole_line(
    house: Callable[[SandboxDay], House], sandbox_day: Callable[..., SandboxDay]
) -> None:
    made = sandbox_day(300, breaks=0.05)
    here = house(made)
    here.receive(made)
    done = here.run(made.day)
    assert done["reconciled"]["report"]["lines"] == made.lines
    assert done["publication"]["changed"] is True
