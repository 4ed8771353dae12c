"""Evidence: the hash-chained journal of every step, and the receipts of published days."""

from cuadre.evidence.entry import GENESIS, Head
from cuadre.evidence.examination import Examination, examine
from cuadre.evidence.flaws import Flaw, FlawKind, Witness
from cuadre.evidence.journal import Journal, StepOutcome

__all__ = ["GENESIS", "Examination", "Flaw", "FlawKind", "Head", "Journal", "StepOutcome", "Witness", "examine"]
