"""The settings while the server runs: changed without loss, kept in a history, and taken over at once."""
