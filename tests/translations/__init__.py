"""Extracts, updates and checks the translators' catalogues: `make texts`. See docs/develop/translating.md."""
