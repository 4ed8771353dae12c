"""Incidents and the channels they are told on: opened once, updated, and recovered with a note."""

from cuadre.alerts.channels import Delivery
from cuadre.alerts.incidents import Change, incident_id, settle
from cuadre.alerts.state import open_incidents

__all__ = ["Change", "Delivery", "incident_id", "open_incidents", "settle"]
