"""What the records of a run say is wrong with a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from cuadre.config import Source
from cuadre.model.codes import CheckSeverity, IncidentKind
from cuadre.model.records import CheckReport, CheckResult, OutcomeTotal, ReconcileReport
from cuadre.pipeline.alert import findings_of_day

DAY = date(2026, 3, 4)


def _report(*totals: OutcomeTotal) -> ReconcileReport:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    return ReconcileReport("pagoefectivo_pe", DAY, now, 100, 100, 0, 0, totals, "", "", "", "")


def _total(outcome: str, count: int, at_risk: str = "0", currency: str = "PEN") -> OutcomeTotal:
    return OutcomeTotal(outcome, currency, count, Decimal(100), Decimal(at_risk))


def _check(severity: CheckSeverity) -> CheckReport:
    failed = CheckResult("fee_not_negative", severity, False, 100, 2, "A fee is never negative.", ("a:1", "a:2"))
    held = CheckResult("net_adds_up", CheckSeverity.CRITICAL, True, 100, 0, "Net adds up.")
    return CheckReport("pagoefectivo_pe", DAY, severity is CheckSeverity.WARNING, (held, failed))


def test_a_quiet_day_has_nothing_to_tell(source: Source) -> None:
    report = _report(_total("matched", 99), _total("duplicate", 1, "100"), _total("not_an_order", 500))
    assert findings_of_day(source, None, report) == []


def test_breaks_above_the_threshold_are_told_with_their_share_and_money(source: Source) -> None:
    report = _report(_total("matched", 97), _total("duplicate", 1, "10"), _total("missing_in_orders", 2, "20.5"))
    (finding,) = findings_of_day(source, None, report)

    assert finding.kind is IncidentKind.break_ratio
    assert finding.cause == "3 of 100 new items are breaks: 3.00 %, above 1 %."
    assert (finding.count, finding.money) == (3, {"PEN": Decimal("30.5")})
    assert finding.keys == ("missing_in_orders 2", "duplicate 1")


def test_breaks_of_earlier_days_are_no_news_but_their_money_is_still_unreconciled(source: Source) -> None:
    carried = OutcomeTotal("duplicate", "PEN", 40, Decimal(4000), Decimal(4000), 40, Decimal(4000))
    closed = OutcomeTotal("matched", "PEN", 120, Decimal(100), Decimal(0), 20)
    quiet = _report(closed, carried, _total("amount_mismatch", 1, "900"))
    assert findings_of_day(source, None, quiet) == []

    worse = _report(closed, carried, _total("amount_mismatch", 3, "1001"))
    ratio, money = findings_of_day(source, None, worse)
    assert ratio.cause == "3 of 103 new items are breaks: 2.91 %, above 1 %."
    assert (ratio.count, ratio.money, ratio.keys) == (3, {"PEN": Decimal(1001)}, ("amount_mismatch 3",))
    assert (money.count, money.money) == (43, {"PEN": Decimal(5001)})


def test_what_people_settled_is_left_out_of_breaks_and_money(source: Source) -> None:
    carried = OutcomeTotal("duplicate", "PEN", 40, Decimal(4000), Decimal(4000), 40, Decimal(4000))
    report = _report(_total("matched", 97), carried, _total("amount_mismatch", 3, "1001"))
    assert len(findings_of_day(source, None, report)) == 2

    one = OutcomeTotal("duplicate", "PEN", 1, Decimal(1), Decimal(1), 1, Decimal(1))
    (ratio,) = findings_of_day(source, None, report, (one,))
    assert ratio.cause == "3 of 100 new items are breaks: 3.00 %, above 1 %."

    two = _total("amount_mismatch", 2, "900")
    (ratio,) = findings_of_day(source, None, report, (two,))
    assert (ratio.cause, ratio.count) == ("1 of 98 new items are breaks: 1.02 %, above 1 %.", 1)
    assert findings_of_day(source, None, report, (_total("amount_mismatch", 3, "1001"),)) == []


def test_unreconciled_money_is_judged_in_its_own_currency(source: Source) -> None:
    report = _report(
        _total("matched", 1000), _total("amount_mismatch", 1, "5000"), _total("duplicate", 1, "1500.01", "USD")
    )
    (finding,) = findings_of_day(source, None, report)

    assert finding.kind is IncidentKind.unreconciled_money
    assert finding.money == {"USD": Decimal("1500.01")}


def test_failed_expectations_close_the_gate_or_warn(source: Source) -> None:
    (warning,) = findings_of_day(source, _check(CheckSeverity.WARNING), None)
    (closed,) = findings_of_day(source, _check(CheckSeverity.CRITICAL), None)

    assert (warning.kind, closed.kind) == (IncidentKind.check_warning, IncidentKind.gate_closed)
    assert warning.cause == "fee_not_negative: 2 of 100 rows. A fee is never negative."
    assert warning.keys == ("a:1", "a:2")
