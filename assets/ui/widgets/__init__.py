"""Widgets that both touch apps use."""
