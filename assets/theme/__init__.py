"""The look of all screens and pages: read from theme.toml, checked, and written as CSS."""
