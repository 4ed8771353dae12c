"""SQL for what outcomes use up, wherever their columns are: in a file of outcomes or in the mart recon_line."""

from __future__ import annotations

from cuadre.model.codes import CLEARED
from cuadre.model.literals import literals

CLEARS = (
    f"(COALESCE(line_type, 'PAYMENT') = 'PAYMENT' AND outcome IN ({literals(outcome.name for outcome in CLEARED)}))"
)
"""The row clears an order; one without a line is an order that was paid together with others."""
