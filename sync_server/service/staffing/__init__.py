"""Reads what staffing needs from the log, and keeps the shift plan that a manager imported."""
