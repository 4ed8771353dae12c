"""THE column registry: every table of the product, its grain, key and columns, declared once.

The Arrow schemas, the expectation suite, the warehouse DDL with its comments and the data dictionary are made from
this package. Money is DECIMAL(18,6) in the line's own currency, merchant's sign; instants are UTC.
`declaring.py` says what a table is, `canonical.py` holds those exchanged as Parquet. Those of the warehouse are in
`marts.py`, `settling.py` and `recording.py`; `deciding.py` has what people say of open items, `reading.py` what the
warehouse answers besides.
What does not live here: types of any engine (see `cuadre.model.arrow` and `cuadre.marts.schema`).
"""

from cuadre.model.columns.canonical import (
    ANSWERS,
    BANK_CREDITS,
    BANK_MATCHES,
    CANONICAL,
    CLAIMS,
    LINES,
    OPEN_ITEMS,
    ORDERS,
    OUTCOMES,
    RECORDS,
    SUGGESTIONS,
)
from cuadre.model.columns.deciding import DECISION, OPEN_BREAK, STANDING_DECISION
from cuadre.model.columns.declaring import Column, Kind, Table
from cuadre.model.columns.marts import BREAK_CAUSE, MARTS, RECON_BREAK, RECON_DAILY, RECON_LINE, RECON_SUGGESTION
from cuadre.model.columns.reading import MOVEMENT
from cuadre.model.columns.recording import ARCHIVE_ADMISSION, CHECK_RESULT, INCIDENT, REOPENING, RUN_RECEIPT
from cuadre.model.columns.settling import BANK_MATCH, FEE_AUDIT, PAYOUT_BRIDGE, SETTLEMENT_BATCH

__all__ = [
    "ANSWERS",
    "ARCHIVE_ADMISSION",
    "BANK_CREDITS",
    "BANK_MATCH",
    "BANK_MATCHES",
    "BREAK_CAUSE",
    "CANONICAL",
    "CHECK_RESULT",
    "CLAIMS",
    "DECISION",
    "FEE_AUDIT",
    "INCIDENT",
    "LINES",
    "MARTS",
    "MOVEMENT",
    "OPEN_BREAK",
    "OPEN_ITEMS",
    "ORDERS",
    "OUTCOMES",
    "PAYOUT_BRIDGE",
    "RECON_BREAK",
    "RECON_DAILY",
    "RECON_LINE",
    "RECON_SUGGESTION",
    "RECORDS",
    "REOPENING",
    "RUN_RECEIPT",
    "SETTLEMENT_BATCH",
    "STANDING_DECISION",
    "SUGGESTIONS",
    "Column",
    "Kind",
    "Table",
]
