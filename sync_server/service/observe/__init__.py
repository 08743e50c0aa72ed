"""Counters, metrics and the log, for those who monitor the server."""
