"""Alembic migrations of the schema `recon`; run by `cuadre.marts.migrate`."""
