"""Fixtures shared by all tests; each real part is started once in a session."""

pytest_plugins = ["tests.fixtures.openpgp", "tests.fixtures.sandbox", "tests.fixtures.warehouse"]
