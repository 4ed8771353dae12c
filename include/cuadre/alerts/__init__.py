"""Incidents and the channels they are told on: opened once, updated, and recovered with a note."""

from cuadre.alerts.channels import Delivery
from cuadre.alerts.incidents import Change, incident_id, settle
from cuadre.alerts.state import days_open, open_incidents

__all__ = ["Change", "Delivery", "days_open", "incident_id", "open_incidents", "settle"]
