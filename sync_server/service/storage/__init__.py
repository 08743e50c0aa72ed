"""The store: `store.db` with its schema, its one writer and its readers, and the data directory."""
