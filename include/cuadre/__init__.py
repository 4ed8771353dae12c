"""Cuadre: settlement archives in, marts that agree to the cent out."""

__version__ = "0.1.0"
