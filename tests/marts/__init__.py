"""Tests of the marts: what a published day says, and that it is all of it or nothing."""
