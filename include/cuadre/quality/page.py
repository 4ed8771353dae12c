"""The data docs of a day: one page of its check report that opens anywhere, without a network or a script.

Great Expectations can write a site of its own, but a browser fetches its styles and scripts from half a dozen hosts,
and shows little without them. The same report always gives the same page.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from cuadre.model.records import CheckReport, CheckResult

PAGE = "index.html"

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may load for the page: nothing but the style in it."""

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8885 }
.number { text-align: right; font-variant-numeric: tabular-nums }
.held { color: #2a7d3f }
.critical { color: #c62828; font-weight: 600 }
.warning { color: #a86500; font-weight: 600 }
code { font-size: .9em }
"""


def write_page(report: CheckReport, folder: Path) -> Path:
    """Write the page of `report` into `folder`, made when it is not there; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(_html(report), encoding="utf-8")
    return page


def _html(report: CheckReport) -> str:
    title = escape(f"{report.source}, {report.settlement_date}")
    held = sum(result.success for result in report.results)
    gate = "The gate is open." if report.passed else "The gate is closed: nothing is reconciled or published."
    ordered = (*report.failed, *(result for result in report.results if result.success))
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width">
<title>Checks of {title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Checks of {title}</h1>
<p>{gate} {held} of {len(report.results)} checks held.</p>
<table>
<thead><tr><th>check</th><th>severity</th><th>result</th><th class="number">rows</th><th class="number">unexpected</th>
<th>what it says, and the first lines that broke it</th></tr></thead>
<tbody>
{_rows(ordered)}
</tbody>
</table>
</body>
</html>
"""


def _rows(results: Sequence[CheckResult]) -> str:
    return "\n".join(
        f"<tr><td><code>{escape(each.check_name)}</code></td><td>{each.severity.value}</td>"
        f'<td class="{"held" if each.success else each.severity.value}">{"held" if each.success else "failed"}</td>'
        f'<td class="number">{each.rows:,}</td><td class="number">{each.unexpected:,}</td>'
        f"<td>{escape(each.doc)}{_lines(each)}</td></tr>"
        for each in results
    )


def _lines(result: CheckResult) -> str:
    return "".join(f" <code>{escape(key)}</code>" for key in result.keys)
