"""The page Backups: makes, checks, downloads and restores them."""
