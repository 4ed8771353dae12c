"""Evidence: the hash-chained journal of every step."""

from cuadre.evidence.journal import Journal, JournalState, StepOutcome

__all__ = ["Journal", "JournalState", "StepOutcome"]
