"""The settings as one file: its text, its history, and taking a change back."""
