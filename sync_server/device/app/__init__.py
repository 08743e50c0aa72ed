"""Starts a touch app: command-line options, system checks, and the loop of device and window."""
