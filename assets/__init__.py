"""Fonts, icons, sounds, texts and the theme; and the UI toolkit of the two touch apps."""
