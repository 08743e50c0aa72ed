"""The server of a store."""
