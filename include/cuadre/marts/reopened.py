"""Items that come open again although they had been cleared, and by what: noted where both beliefs are at hand, when
a day is published. Runs inside the caller's transaction and never commits.

What does not live here: what an item's outcome is, which does not depend on how often its day was published.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import psycopg

from cuadre.marts.belief import Day
from cuadre.model.codes import CLEARED, ArchiveNote, ReasonCode, ReopeningCause
from cuadre.model.columns import REOPENING, Column, Kind
from cuadre.model.columns.declaring import text
from cuadre.model.literals import literals
from cuadre.warehouse import copy_in

_OPEN = (text("item_id", "The item."), Column("edited", Kind.FLAG, "Whether its order was edited since yesterday."))

_EDITED = f"len(list_filter(reasons, lambda r: r.code = '{ReasonCode.ORDER_EDITED.name}')) > 0"

_NOTE = f"""
INSERT INTO recon.reopening ({", ".join(f'"{name}"' for name in REOPENING.names)})
WITH lost AS (
    SELECT h.item_id, h.outcome, h.archive_id
    FROM recon.recon_line_history AS h
    WHERE h.source = %(source)s AND h.settlement_date = %(day)s AND h.known_to = %(at)s
        AND h.outcome IN ({literals(outcome.name for outcome in CLEARED)})
    UNION ALL
    SELECT h.item_id, NULL, NULL
    FROM recon.recon_break_history AS h
    WHERE h.source = %(source)s AND h.settlement_date = %(day)s AND h.known_to = %(at)s AND h.status = 'closed'
), cleared AS (
    SELECT l.item_id, MIN(l.outcome) AS outcome, MIN(l.archive_id) AS archive_id FROM lost AS l GROUP BY l.item_id
), replaced AS (
    SELECT a.archive_id, a.known_from > %(since)s AS since_then
    FROM recon.archive_admission AS a
    WHERE a.source = %(source)s AND a.settlement_date = %(day)s AND a.reason = '{ArchiveNote.SUPERSEDED.name}'
), again AS (
    SELECT
        o.item_id,
        CASE
            WHEN o.edited THEN '{ReopeningCause.order_edited.name}'
            WHEN EXISTS (SELECT FROM replaced AS r WHERE COALESCE(r.archive_id = c.archive_id, r.since_then))
                THEN '{ReopeningCause.file_restated.name}'
            ELSE '{ReopeningCause.judged_anew.name}'
        END AS cause,
        c.outcome,
        c.archive_id
    FROM still_open AS o
    LEFT JOIN cleared AS c ON c.item_id = o.item_id
    WHERE c.item_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM recon.reopening AS p
        WHERE p.source = %(source)s AND p.item_id = o.item_id AND p.settlement_date = %(day)s
            AND p.cause = '{ReopeningCause.order_edited.name}'
    ) AND o.edited
)
SELECT
    %(source)s, a.item_id, %(day)s, %(at)s, a.cause, a.outcome, a.archive_id,
    CASE
        WHEN a.cause = '{ReopeningCause.file_restated.name}' THEN (
            SELECT STRING_AGG(n.archive_id, ', ' ORDER BY n.archive_id)
            FROM recon.archive_admission AS n
            WHERE n.source = %(source)s AND n.settlement_date = %(day)s AND n.verdict = 'admitted'
                AND n.reason IS NULL AND n.known_from > %(since)s
        )
    END
FROM again AS a
"""


def note_reopened(
    cursor: psycopg.Cursor[Any], duck: duckdb.DuckDBPyConnection, day: Day, at: datetime, since: datetime | None
) -> int:
    """Add to `recon.reopening` the items that this publication of `day` opens again; how many there are.

    Args:
        cursor: Of the transaction that publishes, after the marts have been replaced.
        duck: Holds `left_open` and `opened`, the open items the day left and began with.
        day: The day published.
        at: Since when its rows are believed.
        since: When the day was published before; None for the first time, when only edited orders come open again.
    """
    edited = f"{_EDITED} AND item_id NOT IN (SELECT item_id FROM opened WHERE {_EDITED})"
    rows = f"SELECT item_id, BOOL_OR({edited}) FROM left_open {'' if since else f'WHERE {edited}'} GROUP BY item_id"
    cursor.execute("CREATE TEMP TABLE still_open (item_id text, edited boolean) ON COMMIT DROP")
    if copy_in(cursor, psycopg.sql.Identifier("still_open"), _OPEN, duck, rows) == 0:
        return 0
    cursor.execute("ANALYZE still_open")
    cursor.execute(_NOTE, {"source": day.source, "day": day.settlement_date, "at": at, "since": since or at})
    return cursor.rowcount
