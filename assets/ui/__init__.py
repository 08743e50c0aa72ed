"""The UI toolkit that both touch apps share."""
