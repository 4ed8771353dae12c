"""Which failures are tried again: the product's Terminal errors never, everything else with growing pauses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            "cuadre.model.errors.Terminal", RetryAction.FAIL, reason="Trying again cannot help; see the run book."
        ),
        RetryRule("cuadre.model.errors.Transient", RetryAction.RETRY, reason="A later try may succeed."),
    ]
)
"""Errors of others (a bug, a dead worker) follow the task's ordinary retries."""

RETRIES: dict[str, Any] = {
    "retries": 4,
    "retry_policy": RETRY_POLICY,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
}
"""Arguments for every task."""
