"""The warehouse's schema `recon`: DDL, migrations, the SQL that fills it, and what it believes of a day."""

from cuadre.marts.day import AdmissionRow, DayFiles

__all__ = ["AdmissionRow", "DayFiles"]
