"""Matching: the rules, sentence by sentence, and the laws they keep."""
