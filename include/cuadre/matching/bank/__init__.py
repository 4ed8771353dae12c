"""The third of the three ways: what the provider owes for each batch against what the bank credited.

`matches.py` reads and writes; `taking_back.py` says which credits the bank took back; `settling.py` decides, first by
name (`by_name.py`, `naming.py`), then by amount (`by_amount.py`, `subsets.py`); `judging.py` says what that means for a
batch. All but the first are plain Python over plain values: a statement has thousands of credits, not millions, and a
bounded search is no join.
"""

from cuadre.matching.bank.matches import look_back, write_bank_matches

__all__ = ["look_back", "write_bank_matches"]
