"""The server: its socket, its store, and the one place where an op is done."""
