"""Telling an incident on channels, each an apprise URL; one that fails hides neither the others nor the incident."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from cuadre.alerts.message import body_of
from cuadre.model.records import Incident


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether one channel took a message. `channel` is its number and scheme, never its URL: that is a secret."""

    channel: str
    delivered: bool
    trouble: str | None = None


def tell(channels: Sequence[str | SecretStr], what: str, incident: Incident, note: str | None) -> tuple[Delivery, ...]:
    """Send one message to every channel, in turn; a Delivery for each, in their order. Never raises."""
    title, body = f"[{what}] {incident.title}", body_of(what, incident, note)
    kind = "success" if what == "recovered" else "failure"
    return tuple(_send(number, channel, title, body, kind) for number, channel in enumerate(channels, start=1))


def _send(number: int, channel: str | SecretStr, title: str, body: str, kind: str) -> Delivery:
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may show the channel's URL
    url = channel.get_secret_value() if isinstance(channel, SecretStr) else channel
    name = f"{number} ({url.split(':', 1)[0]})" if "://" in url else str(number)
    try:
        pager = apprise.Apprise()
        if not pager.add(url):
            return Delivery(name, False, "not an address apprise knows")
        if not pager.notify(title=title, body=body, notify_type=kind, body_format="text"):
            return Delivery(name, False, "the channel did not take it")
    except Exception as error:  # whatever a plugin raises must not keep the others from being told
        return Delivery(name, False, type(error).__name__)
    return Delivery(name, True)
