"""Evidence: the hash-chained journal of every step, and the receipts of published days."""

from cuadre.evidence.entry import GENESIS, Head
from cuadre.evidence.examination import Examination, examine
from cuadre.evidence.flaws import Flaw, FlawKind, Witness
from cuadre.evidence.journal import Journal, StepOutcome
from cuadre.evidence.links import Link, LinkState, check_links
from cuadre.evidence.receipt import Receipt, read_receipt
from cuadre.evidence.versions import made_by

__all__ = [
    "GENESIS",
    "Examination",
    "Flaw",
    "FlawKind",
    "Head",
    "Journal",
    "Link",
    "LinkState",
    "Receipt",
    "StepOutcome",
    "Witness",
    "check_links",
    "examine",
    "made_by",
    "read_receipt",
]
