"""The local file of incidents: one JSON object a line, appended and synced, readable by its owner only."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cuadre.alerts.channels import Delivery
from cuadre.model.records import Incident, to_json


def append(
    path: Path, what: str, incident: Incident, deliveries: tuple[Delivery, ...], now: datetime, note: str | None
) -> Delivery:
    """Append one change to `path`, made when missing; a file that cannot be written is told in the Delivery."""
    record = {
        "at": now.isoformat(),
        "change": what,
        "incident": to_json(incident),
        "recorded": note is None,
        "channels": [asdict(delivery) for delivery in deliveries],
    }
    line = json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)  # one write: lines of two writers do not mix
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        return Delivery("local file", False, type(error).__name__)
    return Delivery("local file", True)
