"""The pages of the settings: every key of `store.toml`, its history, and what helps to begin."""
