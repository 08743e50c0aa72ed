"""Looking after a store: creating, checking, backing up and restoring it."""
