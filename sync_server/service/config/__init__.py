"""`store.toml`: its model, its checks, and how it is read."""
