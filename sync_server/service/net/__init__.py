"""Listening sockets, HTTP connections with limits, and TLS."""
