"""A client of another author: written from docs/reference alone, it imports nothing of the product."""
