"""Reads what reports and pages show of past visits."""
