"""The shopper's own page."""
