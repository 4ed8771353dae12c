"""The step `check`: a day's admitted lines against every expectation, and the gate before reconciliation.

Takes the lines of one settlement day and leaves a report, and data docs when a folder is given. An expectation that
does not hold never raises; `gate` does, for whoever must not go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from cuadre.config.source import Source
from cuadre.model.codes import CheckSeverity
from cuadre.model.errors import GateClosed
from cuadre.model.records import CheckReport, CheckResult
from cuadre.quality.expectations import EXPECTATIONS
from cuadre.quality.importing import sparing_imports
from cuadre.quality.lines import count_by_type, first_keys, line_files, settlement_date_of, show_lines
from cuadre.quality.page import write_page


def check(
    lines: Path | Sequence[Path], source: Source, *, settlement_date: date | None = None, docs: Path | None = None
) -> CheckReport:
    """The result of every expectation on the lines of one settlement day.

    `lines` is a Parquet file, a folder or a list of files; `settlement_date` defaults to the one most lines carry, or
    else to the one the files name; `docs` is a folder for the data docs, one page without any content of the lines.
    `passed` says whether no critical expectation failed: warnings never close the gate. ConfigurationError when
    there are no such files, or when no day is given and the lines name none.
    """
    with sparing_imports():
        from cuadre.quality.suite import count_unexpected, database

    files = line_files(lines)
    with database() as (address, connection):
        show_lines(connection, files)
        day = settlement_date or settlement_date_of(connection, files)
        unexpected = count_unexpected(EXPECTATIONS, source, day, address=address)
        counts = count_by_type(connection)
        results = tuple(
            CheckResult(
                check_name=each.name,
                severity=each.severity,
                success=unexpected[each.name] == 0,
                rows=sum(n for kind, n in counts.items() if not each.line_types or kind in each.line_types),
                unexpected=unexpected[each.name],
                doc=each.doc,
                keys=first_keys(connection, each.query(source, day)) if unexpected[each.name] else (),
            )
            for each in EXPECTATIONS
        )
    passed = all(result.success for result in results if result.severity is CheckSeverity.CRITICAL)
    report = CheckReport(source.source, day, passed, results)
    return report if docs is None else replace(report, data_docs=str(write_page(report, docs)))


def gate(report: CheckReport) -> None:
    """Return when the report lets the day pass; else GateClosed names the failed critical expectations, with counts."""
    if report.passed:
        return
    failed = [result for result in report.failed if result.severity is CheckSeverity.CRITICAL]
    named = ", ".join(f"{result.check_name} ({result.unexpected} of {result.rows})" for result in failed)
    raise GateClosed(
        f"{report.source} {report.settlement_date}: {len(failed)} critical expectation(s) failed: {named}. "
        "Nothing of the day is reconciled or published; ask the provider for a corrected file."
    )
